package io.portolan.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.postgres.PostgresServer;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LedgerMigrationTest {
    private static void validate(LedgerDatabase ledger) {
        LedgerMigration.validate(LedgerDatabase.dataSource(ledger.as("ipam")));
    }

    private static LedgerSchema schema(LedgerDatabase ledger) {
        return LedgerMigration.schema(LedgerDatabase.dataSource(ledger.owner()));
    }

    @Test
    void aServiceRefusesALedgerThatNobodyMigrated() {
        Database empty = PostgresServer.shared().newDatabase();
        assertThatThrownBy(() -> LedgerMigration.validate(LedgerDatabase.dataSource(empty)))
                .isInstanceOf(LedgerIncompatible.class)
                .hasMessageContaining("has schema 000");
    }

    @Test
    void aServiceRefusesTheLedgerOfItsPredecessorUntilThatIsMigrated() {
        LedgerDatabase ledger = LedgerDatabase.at("035");
        int own = schema(ledger).own();
        assertThatThrownBy(() -> validate(ledger))
                .isInstanceOfSatisfying(
                        LedgerIncompatible.class, e -> assertThat(e.remedy()).contains("Job ledger-migration"))
                .hasMessage("the ledger has schema 035, and this build needs %03d", own);
        assertThat(ledger.migrate()).isEqualTo(own - 35);
        assertThatCode(() -> validate(ledger)).doesNotThrowAnyException();
        assertThat(schema(ledger)).isEqualTo(new LedgerSchema("this build", own, own, 36));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipam", "topology", "lb", "security", "reader"})
    void everyServiceMayReadWhetherItCanWorkOnIt(String service) {
        LedgerDatabase ledger = LedgerDatabase.create();
        assertThatCode(() -> LedgerMigration.validate(LedgerDatabase.dataSource(ledger.as(service))))
                .doesNotThrowAnyException();
    }

    @Test
    void aServiceStartsOnWhatItsSuccessorAddedAndNotOnWhatALaterOneTookAway() {
        LedgerDatabase ledger = LedgerDatabase.create();
        assertThat(ledger.migrate("db/next")).isEqualTo(2);
        assertThatCode(() -> validate(ledger)).doesNotThrowAnyException();
        assertThat(ledger.migrate("db/next", "db/breaking")).isEqualTo(1);
        assertThatThrownBy(() -> validate(ledger))
                .isInstanceOf(LedgerIncompatible.class)
                .hasMessage(
                        "the ledger has schema 911, which only services of schema 901 and later can work on, and this build has %03d",
                        schema(ledger).own());
    }

    /** An older release's migration may run again, as it does when that release is installed again. */
    @Test
    void anOlderMigrationChangesNothingAndSaysWhetherItsServicesCanWork() {
        LedgerDatabase ledger = LedgerDatabase.create();
        ledger.migrate("db/next");
        assertThat(ledger.migrate()).isZero();
        ledger.migrate("db/next", "db/breaking");
        assertThatThrownBy(ledger::migrate).isInstanceOf(LedgerIncompatible.class);
        assertThat(schema(ledger).ledger()).isEqualTo(911);
    }

    @Test
    void aLedgerThatSomebodyElseMigratedIsRefused() throws SQLException {
        LedgerDatabase ledger = LedgerDatabase.create();
        ledger.execute("update flyway_schema_history set checksum = 1 where version = '012'");
        assertThatThrownBy(() -> validate(ledger))
                .isInstanceOf(LedgerIncompatible.class)
                .hasMessageContaining("something else than a release")
                .hasMessageContaining("012");
    }

    /** A transaction reads ports for six seconds. Behind a migration that waited for it, every claim would wait, too. */
    @Test
    void nobodyWaitsLongBehindAMigrationThatWaits() throws SQLException {
        LedgerDatabase ledger = LedgerDatabase.create();
        Duration longest = Duration.ZERO;
        int writes = 0;
        CompletableFuture<Integer> migration;
        try (Connection reader = ledger.owner().connect();
                Statement look = reader.createStatement()) {
            reader.setAutoCommit(false);
            look.execute("select count(*) from port");
            migration = CompletableFuture.supplyAsync(() -> ledger.migrate("db/next"));
            await().until(() -> waitsForALock(ledger));
            long end = System.nanoTime() + Duration.ofSeconds(6).toNanos();
            while (System.nanoTime() < end) {
                long start = System.nanoTime();
                ledger.execute("update port set changed_by = 'nobody' where false");
                Duration took = Duration.ofNanos(System.nanoTime() - start);
                longest = took.compareTo(longest) > 0 ? took : longest;
                writes++;
            }
            assertThat(migration).isNotDone();
            reader.rollback();
        }
        assertThat(migration.join()).isEqualTo(2);
        assertThat(longest).isBetween(Duration.ofMillis(100), Duration.ofMillis(2500));
        assertThat(writes).isGreaterThan(10);
    }

    private static boolean waitsForALock(LedgerDatabase ledger) throws SQLException {
        try (Connection connection = ledger.owner().connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%alter table port%')")) {
            return row.next() && row.getBoolean(1);
        }
    }
}
