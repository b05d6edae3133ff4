package io.portolan.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LedgerSignalsTest {
    private static final String CLUSTER = """
            insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds, pods_per_cpu, pods_per_gib, min_pods, max_pods, state)
            values ('00000000-0000-4000-8000-00000000000b', 'blue', 'overlay', '{10.4.0.0/16}', 'memory:', 1400, 16, 8, 30, 10, 10, 5, 250, 'ready')""";

    @Test
    void aChangeWakesAndALostConnectionIsMadeUpFor() throws SQLException {
        LedgerDatabase ledger = LedgerDatabase.create();
        Queue<String> heard = new ConcurrentLinkedQueue<>();
        AtomicInteger connected = new AtomicInteger();
        try (LedgerChanges changes = new LedgerChanges(LedgerDatabase.dataSource(ledger.as("topology")))) {
            changes.subscribe(new LedgerChanges.Listener() {
                @Override
                public void changed(String table, String key) {
                    heard.add(table + " " + key);
                }

                @Override
                public void mayHaveMissed() {
                    connected.incrementAndGet();
                }
            });
            await().until(() -> listeners(ledger) == 1);
            int before = connected.get();
            ledger.execute(CLUSTER);
            await().untilAsserted(
                            () -> assertThat(heard).containsExactly("cluster 00000000-0000-4000-8000-00000000000b"));
            ledger.execute("select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen ledger'");
            await().until(() -> connected.get() > before);
            heard.clear();
            ledger.execute("update cluster set state = 'deleting'", "update cluster set mtu = 1300");
            await().untilAsserted(
                            () -> assertThat(heard).containsExactly("cluster 00000000-0000-4000-8000-00000000000b"));
        }
    }

    private static int listeners(LedgerDatabase ledger) throws SQLException {
        try (var connection = ledger.owner().connect();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(
                        "select count(*) from pg_stat_activity where query = 'listen ledger' and datname = current_database()")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    @Test
    void aLockIsHeldOnceAmongReplicasAndLetGoByDying() throws SQLException {
        LedgerDatabase ledger = LedgerDatabase.create();
        LedgerLocks one = new LedgerLocks(LedgerDatabase.dataSource(ledger.as("topology")));
        LedgerLocks two = new LedgerLocks(LedgerDatabase.dataSource(ledger.as("ipam")));
        LedgerLocks.Held held = one.tryLock("node:1").orElseThrow();
        assertThat(two.tryLock("node:1")).isEmpty();
        assertThat(two.tryLock("node:2")).isPresent();
        held.close();
        LedgerLocks.Held again = two.tryLock("node:1").orElseThrow();
        ledger.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()");
        await().until(() -> one.tryLock("node:1").isPresent());
        again.close();
        assertThat(List.of(one, two)).hasSize(2);
    }
}
