package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReplicaTest {

    private final Workspace workspace = Workspace.create();
    private final OvsdbServer server = Harbour.server(workspace).start();
    private final OvsdbClient client = Harbour.connect(server);
    private final List<List<RowChange>> batches = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        client.close();
        workspace.close();
    }

    @ParameterizedTest
    @EnumSource(Monitor.Method.class)
    void theCopyFollowsEveryKindOfChange(Monitor.Method method) {
        UUID early = insert(Harbour.ship("early").with("flags", Atom.of("x")));
        Replica replica = client.replicate(method, List.of(Watch.table("Ship"))).awaitLoaded(Harbour.PATIENCE);
        replica.listen(batches::add);

        UUID late = insert(Harbour.ship("late")
                .with("captain", "Ahab")
                .with("flags", Value.strings(List.of("x", "y")))
                .with("log", Map.of("k", "v", "l", "w")));
        assertSame(replica);
        update(Row.empty()
                .with("captain", "Starbuck")
                .with("flags", Value.strings(List.of("y", "z")))
                .with("log", Map.of("l", "changed", "m", "new"))
                .with("length", 1.0));
        assertSame(replica);
        update(Row.empty().with("captain", Value.emptySet()).with("flags", Atom.of("one")));
        assertSame(replica);
        update(Row.empty().with("flags", Value.emptySet()).with("log", Value.emptyMap()));
        assertSame(replica);
        client.transact(Operation.delete("Ship", Condition.is("name", "late")));
        assertSame(replica);

        await().atMost(Harbour.PATIENCE).until(() -> batches.size() == 6);
        assertThat(batches.getFirst()).singleElement().satisfies(change -> {
            assertThat(change.id()).isEqualTo(early);
            assertThat(change.before()).isNull();
            assertThat(change.after().strings("flags")).isEqualTo(Set.of("x"));
        });
        assertThat(batches.get(2)).extracting(RowChange::id).containsExactlyInAnyOrder(early, late);
        assertThat(batches.getLast()).singleElement().satisfies(change -> {
            assertThat(change.id()).isEqualTo(late);
            assertThat(change.before().string("name")).isEqualTo("late");
            assertThat(change.after()).isNull();
        });
    }

    @Test
    void onlyTheColumnsAndRowsThatWereAskedForAreCopied() {
        Replica replica = client.replicate(
                        Watch.table("Ship")
                                .columns("name", "crew")
                                .whereAny(Condition.is("afloat", true), Condition.is("name", "dry")),
                        Watch.table("Berth"))
                .awaitLoaded(Harbour.PATIENCE);
        insert(Harbour.ship("sunk"));
        UUID dry = insert(Harbour.ship("dry"));
        UUID wet = insert(Harbour.ship("wet").with("afloat", true).with("crew", 3));
        UUID berth = client.transact(Operation.insert("Berth", Row.empty().with("number", 4)))
                .inserted(0);

        assertThat(replica.snapshot().table("Ship"))
                .isEqualTo(Map.of(
                        dry, Harbour.ship("dry").with("crew", 0),
                        wet, Harbour.ship("wet").with("crew", 3)));
        assertThat(replica.snapshot().table("Berth")).containsOnlyKeys(berth);

        client.transact(Operation.update("Ship", Row.empty().with("afloat", false)));
        assertThat(replica.snapshot().table("Ship")).containsOnlyKeys(dry);
        client.transact(Operation.update("Ship", Row.empty().with("afloat", true)));
        assertThat(replica.snapshot().table("Ship")).hasSize(3);
    }

    @Test
    void aSnapshotStaysAsItWas() {
        Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
        UUID id = insert(Harbour.ship("a"));
        Snapshot before = replica.snapshot();
        update(Row.empty().with("crew", 1));
        insert(Harbour.ship("b"));

        assertThat(before.table("Ship")).containsOnlyKeys(id);
        assertThat(before.row("Ship", id).orElseThrow().integer("crew")).isZero();
        assertThat(replica.row("Ship", id).orElseThrow().integer("crew")).isEqualTo(1);
        assertThat(replica.snapshot().table("Ship")).hasSize(2);
    }

    @Test
    void oneTransactionIsOneBatch() {
        Replica replica =
                client.replicate(Watch.table("Ship"), Watch.table("Berth")).awaitLoaded(Harbour.PATIENCE);
        replica.listen(batches::add);
        client.transact(
                Operation.insert("Berth", Row.empty().with("number", 1)),
                Operation.insert("Ship", Harbour.ship("a")),
                Operation.insert("Ship", Harbour.ship("b")));
        await().atMost(Harbour.PATIENCE).until(() -> !batches.isEmpty());
        assertThat(batches).singleElement().satisfies(batch -> assertThat(batch).hasSize(3));
    }

    @Test
    void aListenerThatThrowsIsToldTheNextTimeAndHarmsNobody() {
        Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
        List<String> told = new CopyOnWriteArrayList<>();
        Consumer<List<RowChange>> failing = batch -> {
            told.add(batch.getFirst().after().string("name"));
            throw new IllegalStateException("on purpose");
        };
        replica.listen(failing);
        replica.listen(batches::add);
        insert(Harbour.ship("a"));
        insert(Harbour.ship("b"));
        await().atMost(Harbour.PATIENCE).until(() -> batches.size() == 2);
        assertThat(told).containsExactly("a", "b");
        assertThat(client.counters().connects()).isEqualTo(1);
    }

    @Test
    void aListenerMayTransact() {
        Replica replica =
                client.replicate(Watch.table("Ship"), Watch.table("Berth")).awaitLoaded(Harbour.PATIENCE);
        replica.listen(batch -> {
            if (batch.getFirst().table().equals("Ship")) {
                client.transact(Operation.insert("Berth", Row.empty().with("number", 1)));
            }
        });
        insert(Harbour.ship("a"));
        await().atMost(Harbour.PATIENCE)
                .until(() -> !replica.snapshot().table("Berth").isEmpty());
    }

    @Test
    void aTableThatIsNotThereIsSaidToBeMissing() {
        Replica replica = client.replicate(Watch.table("Submarine"));
        assertThatThrownBy(() -> replica.awaitLoaded(Harbour.PATIENCE))
                .isInstanceOf(OvsdbException.Refused.class)
                .hasMessageContaining("Submarine");
        assertThat(client.isConnected()).isTrue();
    }

    @Test
    void aClosedReplicaIsNotFedAnyMore() {
        Replica closed = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
        closed.close();
        insert(Harbour.ship("a"));
        assertThat(closed.snapshot().table("Ship")).isEmpty();
        assertThat(client.counters().updates()).isZero();
    }

    private UUID insert(Row row) {
        return client.transact(Operation.insert("Ship", row)).inserted(0);
    }

    private void update(Row row) {
        client.transact(Operation.update("Ship", row));
    }

    private void assertSame(Replica replica) {
        assertThat(replica.snapshot().table("Ship")).isEqualTo(fresh(client));
    }

    static Map<UUID, Row> fresh(OvsdbClient client) {
        return client.transact(Operation.select("Ship")).rows(0).stream().collect(Collectors.toMap(Row::id, row -> {
            Map<String, Value> columns = new HashMap<>(row.columns());
            columns.keySet().removeAll(Set.of("_uuid", "_version"));
            return new Row(columns);
        }));
    }
}
