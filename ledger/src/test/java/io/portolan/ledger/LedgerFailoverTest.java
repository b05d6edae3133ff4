package io.portolan.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresPair;
import io.portolan.testbed.postgres.PostgresRelay;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

/** Signals and locks find the new primary by themselves; how the old one went makes no difference. */
class LedgerFailoverTest {
    /** Counts connections and remembers what it heard. */
    private static final class Ear implements LedgerChanges.Listener {
        private final AtomicInteger connected = new AtomicInteger();
        private final Set<String> heard = ConcurrentHashMap.newKeySet();

        @Override
        public void changed(String table, String key) {
            heard.add(table + " " + key);
        }

        @Override
        public void mayHaveMissed() {
            connected.incrementAndGet();
        }
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofMinutes(1));
    }

    @Test
    void afterAFailoverSignalsArriveAndALockIsHeldOnceOnTheNewPrimary() throws SQLException {
        try (Workspace workspace = Workspace.create()) {
            PostgresPair pair = PostgresPair.start(workspace);
            Database database = pair.newDatabase("portolan");
            LedgerDatabase ledger = new LedgerDatabase(database);
            LedgerMigration.migrate(LedgerDatabase.dataSource(database));
            LedgerLocks one = new LedgerLocks(LedgerDatabase.dataSource(database));
            LedgerLocks two = new LedgerLocks(LedgerDatabase.dataSource(database));
            Ear ear = new Ear();
            try (LedgerChanges changes = new LedgerChanges(LedgerDatabase.dataSource(database))) {
                changes.subscribe(ear);
                LedgerLocks.Held before = one.tryLock("a").orElseThrow();
                assertThat(two.tryLock("a")).isEmpty();
                soon().until(() -> {
                    ledger.execute("notify ledger, 'node:1'");
                    return ear.heard.contains("node 1");
                });
                int connected = ear.connected.get();
                pair.failOver();

                soon().until(() -> ear.connected.get() > connected);
                soon().until(() -> {
                    ledger.execute("notify ledger, 'node:2'");
                    return ear.heard.contains("node 2");
                });
                LedgerLocks.Held after = two.tryLock("a").orElseThrow();
                before.close();
                assertThat(one.tryLock("a")).isEmpty();
                after.close();
                assertThat(one.tryLock("a")).isPresent();
            }
        }
    }

    @Test
    void aServerThatVanishedWithoutAWordIsLeft() throws SQLException {
        LedgerDatabase ledger = LedgerDatabase.create();
        try (PostgresRelay relay = PostgresRelay.to(ledger.owner())) {
            Ear ear = new Ear();
            try (LedgerChanges changes = new LedgerChanges(LedgerDatabase.dataSource(relay.relayed(ledger.owner())))) {
                changes.subscribe(ear);
                soon().until(() -> {
                    ledger.execute("notify ledger, 'node:1'");
                    return ear.heard.contains("node 1");
                });
                int connected = ear.connected.get();
                relay.freeze();
                soon().until(() -> ear.connected.get() > connected);
                soon().until(() -> {
                    ledger.execute("notify ledger, 'node:2'");
                    return ear.heard.contains("node 2");
                });
            }
        }
    }
}
