package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResumeTest {

    private final Workspace workspace = Workspace.create();
    private final OvsdbServer server = Harbour.server(workspace).start();

    @AfterEach
    void stop() {
        workspace.close();
    }

    @ParameterizedTest
    @EnumSource(Monitor.Method.class)
    void afterADroppedConnectionListenersSeeAllThatTheyMissedInOneBatch(Monitor.Method method) {
        try (TestingRelay relay = relay();
                OvsdbClient writer = Harbour.connect(server);
                OvsdbClient client = Harbour.connect(Harbour.options(relay.remote()))) {
            UUID stays = insert(writer, "stays");
            UUID changes = insert(writer, "changes");
            UUID goes = insert(writer, "goes");
            Replica replica =
                    client.replicate(method, List.of(Watch.table("Ship"))).awaitLoaded(Harbour.PATIENCE);
            List<List<RowChange>> batches = new CopyOnWriteArrayList<>();
            replica.listen(batches::add);

            relay.refuse();
            await().atMost(Harbour.PATIENCE).until(() -> !replica.isLive());
            UUID comes = insert(writer, "comes");
            writer.transact(Operation.update("Ship", Row.empty().with("crew", 7), Condition.row(changes)));
            writer.transact(Operation.delete("Ship", Condition.row(goes)));
            assertThat(replica.snapshot().table("Ship")).containsOnlyKeys(stays, changes, goes);
            relay.admit();
            await().atMost(Harbour.PATIENCE).until(replica::isLive);

            assertThat(replica.snapshot().table("Ship")).isEqualTo(ReplicaTest.fresh(writer));
            await().atMost(Harbour.PATIENCE).until(() -> batches.size() == 2);
            Map<UUID, String> seen = new HashMap<>();
            batches.getLast().forEach(change -> seen.put(change.id(), kind(change)));
            assertThat(seen).isEqualTo(Map.of(comes, "insert", changes, "modify", goes, "delete"));
            assertThat(client.counters().resyncs()).isEqualTo(2);
        }
    }

    @Test
    void afterAKillOfTheServerTheCopyFollowsAgain() {
        try (OvsdbClient client = Harbour.connect(server)) {
            Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
            Map<UUID, Row> told = new ConcurrentHashMap<>();
            replica.listen(batch -> batch.forEach(change -> keep(told, change)));
            for (int round = 0; round < 3; round++) {
                insert(client, "before " + round);
                server.kill9();
                server.start();
                insert(client, "after " + round);
                assertThat(replica.snapshot().table("Ship"))
                        .isEqualTo(ReplicaTest.fresh(client))
                        .hasSize(2 * round + 2);
            }
            await().atMost(Harbour.PATIENCE)
                    .until(() -> told.equals(replica.snapshot().table("Ship")));
        }
    }

    @Test
    void aReplicaThatIsMadeWithoutAServerLoadsWhenThereIsOne() {
        server.kill9();
        try (OvsdbClient client = OvsdbClient.open(Harbour.options(server.unixRemote()))) {
            Replica replica = client.replicate(Watch.table("Ship"));
            assertThat(replica.isLoaded()).isFalse();
            server.start();
            assertThat(replica.awaitLoaded(Harbour.PATIENCE).snapshot().table("Ship"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"monitor_cond_since", "monitor_cond"})
    void anOlderServerIsAskedInItsOwnTerms(String unknown) {
        try (TestingRelay relay = relay().rewriting(text -> text.replace("\"" + unknown, "\"no_such_method"));
                OvsdbClient client = Harbour.connect(Harbour.options(relay.remote()))) {
            Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
            insert(client, "a");
            client.transact(Operation.update("Ship", Row.empty().with("flags", Value.strings(List.of("x", "y")))));
            client.transact(Operation.update("Ship", Row.empty().with("flags", Value.strings(List.of("y", "z")))));
            assertThat(replica.snapshot().table("Ship"))
                    .isEqualTo(ReplicaTest.fresh(client))
                    .hasSize(1);
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    private TestingRelay relay() {
        return new TestingRelay(workspace.directory().resolve("relay.sock"), server.socket());
    }

    private static UUID insert(OvsdbClient client, String name) {
        return client.transact(Operation.insert("Ship", Harbour.ship(name))).inserted(0);
    }

    static void keep(Map<UUID, Row> rows, RowChange change) {
        Row after = change.after();
        if (after == null) {
            rows.remove(change.id());
        } else {
            rows.put(change.id(), after);
        }
    }

    private static String kind(RowChange change) {
        if (change.before() == null) {
            return "insert";
        }
        return change.after() == null ? "delete" : "modify";
    }
}
