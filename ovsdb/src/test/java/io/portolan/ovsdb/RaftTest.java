package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.RaftCluster;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RaftTest {

    private final Workspace workspace = Workspace.create();
    private final RaftCluster cluster = RaftCluster.start(workspace, Harbour.schema(workspace), 3);

    @AfterEach
    void stop() {
        workspace.close();
    }

    @Test
    void whenTheLeaderIsKilledTheNextOneIsFollowedAndNothingIsLost() throws Exception {
        List<ConnectionState> states = new CopyOnWriteArrayList<>();
        try (OvsdbClient writer = Harbour.connect(options().withLeaderOnly());
                OvsdbClient watcher = OvsdbClient.open(options().withLeaderOnly(), states::add)) {
            Replica replica = watcher.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
            Map<UUID, Row> told = new ConcurrentHashMap<>();
            replica.listen(batch -> batch.forEach(change -> ResumeTest.keep(told, change)));
            Writing writing = new Writing(writer, replica);

            writing.await(200);
            int killed = cluster.leader();
            cluster.kill9(killed);
            int elected = cluster.leader();
            writing.await(200);
            cluster.restart(killed);
            writing.await(100);
            writing.stop();

            assertThat(elected).isNotEqualTo(killed);
            assertThat(writing.refused).isEmpty();
            Map<UUID, Row> fresh = ReplicaTest.fresh(writer);
            assertThat(writing.notSent).doesNotContainAnyElementsOf(names(fresh));
            assertThat(names(fresh)).containsAll(writing.done).isSubsetOf(union(writing.done, writing.unknown));
            await().atMost(Harbour.PATIENCE)
                    .untilAsserted(
                            () -> assertThat(replica.snapshot().table("Ship")).isEqualTo(fresh));
            await().atMost(Harbour.PATIENCE)
                    .untilAsserted(() -> assertThat(told).isEqualTo(fresh));
            assertThat(watcher.counters().resyncs()).as("loads from nothing").isEqualTo(1);
            assertThat(states)
                    .filteredOn(ConnectionState.Connected.class::isInstance)
                    .startsWith(connected(killed))
                    .contains(connected(elected));
        }
    }

    @Test
    void aClientThatNeedsNoLeaderResumesOnAnotherMember() throws Exception {
        int leader = cluster.leader();
        int follower = (leader + 1) % cluster.size();
        List<String> order = List.of(
                cluster.tcpRemotes().get(follower),
                cluster.tcpRemotes().get((leader + 2) % cluster.size()),
                cluster.tcpRemotes().get(leader));
        try (OvsdbClient writer = Harbour.connect(options().withLeaderOnly());
                OvsdbClient watcher = Harbour.connect(Harbour.options(String.join(",", order)))) {
            Replica replica = watcher.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
            Writing writing = new Writing(writer, replica);
            writing.await(100);
            cluster.kill9(follower);
            writing.await(200);
            writing.stop();

            assertThat(writing.refused).isEmpty();
            assertThat(writing.unknown).isEmpty();
            Map<UUID, Row> fresh = ReplicaTest.fresh(writer);
            assertThat(names(fresh)).isEqualTo(writing.done);
            await().atMost(Harbour.PATIENCE)
                    .untilAsserted(
                            () -> assertThat(replica.snapshot().table("Ship")).isEqualTo(fresh));
            assertThat(watcher.counters().resyncs()).as("loads from nothing").isEqualTo(1);
            assertThat(watcher.counters().connects()).isEqualTo(2);
        }
    }

    @Test
    void withoutAMajorityThereIsNoLeaderToWriteTo() {
        int leader = cluster.leader();
        try (OvsdbClient client = Harbour.connect(options().withLeaderOnly())) {
            for (int member = 0; member < cluster.size(); member++) {
                if (member != leader) {
                    cluster.kill9(member);
                }
            }
            await().atMost(Harbour.PATIENCE).until(() -> !client.isConnected());
            assertThat(client.counters().connects()).isEqualTo(1);
            for (int member = 0; member < cluster.size(); member++) {
                if (member != leader) {
                    cluster.member(member).start();
                }
            }
            client.awaitConnected(Harbour.PATIENCE);
            client.transact(Operation.insert("Ship", Harbour.ship("a")));
        }
    }

    /**
     * One insert after the other, with a book of what the client said of each. It waits for who watches: a server remembers
     * a hundred transactions, and who missed more loads from nothing.
     */
    private static final class Writing {
        private static final int AHEAD = 50;

        private final Set<String> done = ConcurrentHashMap.newKeySet();
        private final Set<String> notSent = ConcurrentHashMap.newKeySet();
        private final Set<String> unknown = ConcurrentHashMap.newKeySet();
        private final Set<String> refused = ConcurrentHashMap.newKeySet();
        private final Thread thread;
        private volatile boolean stopped;

        Writing(OvsdbClient client, Replica watched) {
            thread = Thread.ofVirtual().start(() -> {
                for (int i = 0; !stopped; i++) {
                    awaitSeen(watched);
                    write(client, "ship " + i);
                }
            });
        }

        private void awaitSeen(Replica watched) {
            while (!stopped && done.size() - watched.snapshot().table("Ship").size() > AHEAD) {
                LockSupport.parkNanos(1_000_000);
            }
        }

        void await(int more) {
            int target = done.size() + more;
            Awaitility.await().atMost(Harbour.PATIENCE).until(() -> done.size() >= target);
        }

        void stop() throws InterruptedException {
            stopped = true;
            thread.join();
        }

        private void write(OvsdbClient client, String name) {
            try {
                client.transact(Duration.ofSeconds(20), List.of(Operation.insert("Ship", Harbour.ship(name))));
                done.add(name);
            } catch (OvsdbException.NotConnected e) {
                notSent.add(name);
            } catch (OvsdbException.OutcomeUnknown e) {
                unknown.add(name);
            } catch (OvsdbException.Refused e) {
                refused.add(name + ": " + e.getMessage());
            }
        }
    }

    private OvsdbOptions options() {
        return Harbour.options(String.join(",", cluster.tcpRemotes()));
    }

    private ConnectionState connected(int member) {
        return new ConnectionState.Connected(
                OvsdbEndpoint.parse(cluster.tcpRemotes().get(member)));
    }

    private static Set<String> names(Map<UUID, Row> ships) {
        return ships.values().stream().map(row -> row.string("name")).collect(Collectors.toSet());
    }

    private static Set<String> union(Set<String> some, Set<String> others) {
        Set<String> all = ConcurrentHashMap.newKeySet();
        all.addAll(some);
        all.addAll(others);
        return all;
    }
}
