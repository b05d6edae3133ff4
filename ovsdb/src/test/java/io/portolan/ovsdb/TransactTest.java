package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.portolan.ovsdb.OvsdbException.Reason;
import io.portolan.ovsdb.OvsdbException.Refused;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TransactTest {

    private static final Workspace WORKSPACE = Workspace.create();
    private static OvsdbServer server;
    private final OvsdbClient client = Harbour.connect(server);

    @BeforeAll
    static void start() {
        server = Harbour.server(WORKSPACE).start();
    }

    @AfterAll
    static void stop() {
        WORKSPACE.close();
    }

    @AfterEach
    void empty() {
        client.transact(Operation.delete("Ship"), Operation.delete("Berth"));
        client.close();
    }

    @Test
    void everyColumnTypeComesBackAsItWasWritten() {
        Row written = Harbour.ship("Santa María ⚓ 𝄞")
                .with("crew", 40)
                .with("length", 19.5)
                .with("afloat", true)
                .with("captain", "Colón")
                .with("flags", Value.strings(List.of("castile", "león")))
                .with("log", Map.of("1492-08-03", "Palos", "1492-10-12", "land \"ho\"\n\\"));
        TransactResult result = client.transact(
                Operation.insert("Berth", Row.empty().with("number", 7)).named("b"),
                Operation.insert("Ship", written.with("berth", Atom.named("b")).with("visited", Atom.named("b")))
                        .named("s"),
                Operation.commitDurably());

        Row read = client.transact(Operation.select("Ship")).rows(0).getFirst();
        UUID berth = result.inserted(0);
        assertThat(read.id()).isEqualTo(result.inserted(1));
        assertThat(read.string("name")).isEqualTo("Santa María ⚓ 𝄞");
        assertThat(read.integer("crew")).isEqualTo(40);
        assertThat(read.real("length")).isEqualTo(19.5);
        assertThat(read.bool("afloat")).isTrue();
        assertThat(read.optionalString("captain")).contains("Colón");
        assertThat(read.strings("flags")).isEqualTo(Set.of("castile", "león"));
        assertThat(read.stringMap("log")).isEqualTo(Map.of("1492-08-03", "Palos", "1492-10-12", "land \"ho\"\n\\"));
        assertThat(read.optionalUuid("berth")).contains(berth);
        assertThat(read.uuids("visited")).isEqualTo(Set.of(berth));
    }

    @Test
    void anInsertMayChooseTheRowsIdAndIsRefusedTheSecondTime() {
        UUID id = UUID.randomUUID();
        assertThat(client.transact(Operation.insert("Ship", Harbour.ship("a")).withId(id))
                        .inserted(0))
                .isEqualTo(id);

        Refused refused = refusal(Operation.insert("Ship", Harbour.ship("b")).withId(id));
        assertThat(refused.reason()).isEqualTo(Reason.DUPLICATE_UUID);
        assertThat(names()).containsExactly("a");
    }

    @Test
    void updateMutateAndDeleteTellHowManyRowsTheyTouched() {
        client.transact(
                Operation.insert("Ship", Harbour.ship("a").with("crew", 10)),
                Operation.insert("Ship", Harbour.ship("b").with("crew", 20)),
                Operation.insert("Ship", Harbour.ship("c").with("crew", 30)));

        TransactResult result = client.transact(
                Operation.update("Ship", Row.empty().with("afloat", true), Condition.is("name", "a")),
                Operation.mutate(
                        "Ship",
                        List.of(
                                Mutation.add("crew", 5),
                                Mutation.insert("flags", Value.strings(List.of("x", "y"))),
                                Mutation.insert("log", Value.stringMap(Map.of("k", "v", "l", "w"))))),
                Operation.mutate("Ship", Mutation.delete("log", Value.strings(List.of("k")))),
                Operation.delete("Ship", Condition.is("name", "c")),
                Operation.select("Ship", Condition.is("name", "a")).columns("crew", "afloat", "flags", "log"),
                Operation.comment("refit"));

        assertThat(result.changed(0)).isEqualTo(1);
        assertThat(result.changed(1)).isEqualTo(3);
        assertThat(result.changed(2)).isEqualTo(3);
        assertThat(result.changed(3)).isEqualTo(1);
        assertThat(result.rows(4))
                .containsExactly(Row.empty()
                        .with("crew", 15)
                        .with("afloat", true)
                        .with("flags", Value.strings(List.of("x", "y")))
                        .with("log", Map.of("l", "w")));
        assertThat(names()).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void conditionsSelectByIdByElementAndByMapEntry() {
        UUID id = client.transact(Operation.insert(
                        "Ship",
                        Harbour.ship("a")
                                .with("flags", Value.strings(List.of("x", "y")))
                                .with("log", Map.of("k", "v"))))
                .inserted(0);
        client.transact(Operation.insert("Ship", Harbour.ship("b").with("crew", 9)));

        assertThat(names(Condition.row(id))).containsExactly("a");
        assertThat(names(Condition.includes("flags", Atom.of("x")))).containsExactly("a");
        assertThat(names(Condition.excludes("flags", Atom.of("x")))).containsExactly("b");
        assertThat(names(Condition.includes("log", "k", "v"))).containsExactly("a");
        assertThat(names(Condition.is("crew", 9), Condition.is("name", "a"))).isEmpty();
        assertThat(names(Condition.isNot("name", Atom.of("a")))).containsExactly("b");
        assertThat(names(new Condition("crew", Condition.Comparison.GREATER_OR_EQUAL, Atom.of(9))))
                .containsExactly("b");
    }

    @Test
    void anOptionalColumnIsEmptiedByTheEmptySet() {
        client.transact(Operation.insert("Ship", Harbour.ship("a").with("captain", "Ahab")));
        client.transact(Operation.update("Ship", Row.empty().with("captain", Value.emptySet())));
        Row row = client.transact(Operation.select("Ship")).rows(0).getFirst();
        assertThat(row.optionalString("captain")).isEmpty();
        assertThatThrownBy(() -> row.string("captain")).hasMessageContaining("captain");
        assertThatThrownBy(() -> row.string("crew")).hasMessageContaining("no string");
        assertThatThrownBy(() -> row.string("mast")).hasMessageContaining("no column 'mast'");
    }

    @Test
    void aValueThatTheSchemaForbidsIsAConstraintViolationOfItsOperation() {
        Refused refused = refusal(
                Operation.insert("Ship", Harbour.ship("a")),
                Operation.insert("Ship", Harbour.ship("b").with("crew", 5001)));
        assertThat(refused.reason()).isEqualTo(Reason.CONSTRAINT_VIOLATION);
        assertThat(refused.operation()).isEqualTo(OptionalInt.of(1));
        assertThat(names()).isEmpty();
    }

    @Test
    void aSecondRowOfOneIndexIsRefusedByTheCommit() {
        Refused refused =
                refusal(Operation.insert("Ship", Harbour.ship("twin")), Operation.insert("Ship", Harbour.ship("twin")));
        assertThat(refused.reason()).isEqualTo(Reason.CONSTRAINT_VIOLATION);
        assertThat(refused.operation()).isEmpty();
        assertThat(refused.details()).contains("twin").contains("index");
        assertThat(names()).isEmpty();
    }

    @Test
    void aRowThatIsReferredToCannotGo() {
        client.transact(
                Operation.insert("Berth", Row.empty().with("number", 1)).named("b"),
                Operation.insert("Ship", Harbour.ship("a").with("berth", Atom.named("b"))));
        assertThat(refusal(Operation.delete("Berth")).reason()).isEqualTo(Reason.REFERENTIAL_INTEGRITY_VIOLATION);
    }

    @Test
    void anUnknownTableIsNamed() {
        Refused refused = refusal(Operation.insert("Ship", Harbour.ship("a")), Operation.select("Submarine"));
        assertThat(refused.reason()).isEqualTo(Reason.SYNTAX);
        assertThat(refused.operation()).isEqualTo(OptionalInt.of(1));
        assertThat(refused.details()).contains("Submarine");
    }

    @Test
    void anExpectationThatDoesNotHoldRefusesTheWholeTransaction() {
        client.transact(Operation.insert("Ship", Harbour.ship("a").with("crew", 1)));

        Refused refused = refusal(
                Operation.expect("Ship", Row.empty().with("crew", 2), Condition.is("name", "a")),
                Operation.update("Ship", Row.empty().with("crew", 3)));
        assertThat(refused.reason()).isEqualTo(Reason.TIMED_OUT);
        assertThat(refused.operation()).isEqualTo(OptionalInt.of(0));
        assertThat(refusal(Operation.expectNone("Ship", Condition.is("name", "a")))
                        .reason())
                .isEqualTo(Reason.TIMED_OUT);

        client.transact(
                Operation.expect("Ship", Row.empty().with("crew", 1), Condition.is("name", "a")),
                Operation.expectNone("Ship", Condition.is("name", "b")),
                Operation.update("Ship", Row.empty().with("crew", 3)));
        assertThat(client.transact(Operation.select("Ship")).rows(0).getFirst().integer("crew"))
                .isEqualTo(3);
    }

    @Test
    void aWaitWithTimeWaitsForTheChangeOfAnother() throws Exception {
        client.transact(Operation.insert("Ship", Harbour.ship("a").with("crew", 1)));
        Thread other = Thread.ofVirtual()
                .start(() ->
                        client.transact(Operation.update("Ship", Row.empty().with("crew", 2))));
        client.transact(
                new Operation.Wait(
                        "Ship",
                        List.of(),
                        List.of("crew"),
                        true,
                        List.of(Row.empty().with("crew", 2)),
                        Duration.ofSeconds(25)),
                Operation.update("Ship", Row.empty().with("crew", 3)));
        other.join();
        assertThat(client.transact(Operation.select("Ship")).rows(0).getFirst().integer("crew"))
                .isEqualTo(3);
    }

    @Test
    void anAbortedTransactionChangesNothing() {
        assertThat(refusal(Operation.insert("Ship", Harbour.ship("a")), new Operation.Abort())
                        .reason())
                .isEqualTo(Reason.ABORTED);
        assertThat(names()).isEmpty();
    }

    @Test
    void aDatabaseThatIsNotThereIsSaidToBeMissing() {
        try (OvsdbClient lost = OvsdbClient.open(OvsdbOptions.of(server.unixRemote(), "Atlantis")
                .withTimeouts(Duration.ofMillis(500), Duration.ofSeconds(10)))) {
            assertThatThrownBy(() -> lost.transact(Operation.comment("x")))
                    .isInstanceOf(OvsdbException.NotConnected.class)
                    .hasMessageContaining("Atlantis");
        }
    }

    @Test
    void theServerIsAskedForItsDatabasesItsIdAndItsSchema() {
        assertThat(client.databases()).contains("Harbour", "_Server");
        assertThat(client.serverId()).isEqualTo(client.serverId());
        Schema schema = client.schema();
        assertThat(schema.name()).isEqualTo("Harbour");
        assertThat(schema.version()).isEqualTo("1.0.0");
        assertThat(schema.has("Ship", "flags")).isTrue();
        assertThat(schema.has("Ship", "mast")).isFalse();
        assertThat(schema.tables().get("Ship").columns().get("log"))
                .isEqualTo(new ColumnType("string", "string", 0, Integer.MAX_VALUE));
    }

    @Test
    void transactionsAreCounted() {
        client.transact(Operation.comment("x"));
        refusal(Operation.select("Submarine"));
        assertThat(client.counters()).isEqualTo(new Counters(2, 1, 0, 1, 0, 0, 0));
    }

    private Refused refusal(Operation... operations) {
        return catchThrowableOfType(Refused.class, () -> client.transact(operations));
    }

    private List<String> names(Condition... where) {
        return client.transact(Operation.select("Ship", where)).rows(0).stream()
                .map(row -> row.string("name"))
                .toList();
    }
}
