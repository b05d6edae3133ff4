package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.postgres.PostgresInstance;
import io.portolan.testbed.postgres.PostgresPair;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PostgresPairTest {
    @Test
    void whatWasAcknowledgedIsOnTheStandbyAndAFencedPrimaryComesBackAsOne() throws SQLException {
        try (Workspace workspace = Workspace.create()) {
            PostgresPair pair = PostgresPair.start(workspace);
            Database database = pair.newDatabase("d");
            PostgresInstance first = pair.primary();
            PostgresInstance second = pair.standby();
            assertThat(first.ask("select current_setting('fsync') || current_setting('synchronous_commit')"))
                    .contains("onon");
            List<String> acknowledged = new ArrayList<>();
            write(database, "create table t (x text)");
            for (int i = 0; i < 20; i++) {
                write(database, "insert into t values ('a" + i + "')");
                acknowledged.add("a" + i);
            }
            first.kill9();
            assertThat(first.alive()).isFalse();
            pair.failOver();
            assertThat(pair.primary()).isSameAs(second);
            assertThat(read(database)).isEqualTo(acknowledged);

            write(database, "insert into t values ('after')");
            acknowledged.add("after");
            pair.rejoin();
            assertThat(pair.standby()).isSameAs(first);
            assertThat(first.ask("select pg_is_in_recovery()")).contains("t");
            second.pause();
            pair.failOver();
            assertThat(pair.primary()).isSameAs(first);
            assertThat(read(database)).isEqualTo(acknowledged);
        }
    }

    @Test
    void aPrimaryWithoutItsStandbyAcknowledgesNothing() throws SQLException {
        try (Workspace workspace = Workspace.create()) {
            PostgresPair pair = PostgresPair.start(workspace);
            Database database = pair.newDatabase("d");
            write(database, "create table t (x text)");
            pair.standby().kill9();
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                try {
                    write(database, "insert into t values ('unheard')");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            await().until(() -> pair.primary()
                    .ask("select count(*) from pg_stat_activity where wait_event = 'SyncRep'")
                    .equals(java.util.Optional.of("1")));
            assertThat(writing).isNotDone();
            assertThat(read(database)).isEmpty();
            pair.primary().kill9();
            await().atMost(Duration.ofSeconds(20)).until(writing::isCompletedExceptionally);
            assertThatThrownBy(database::connect).isInstanceOf(SQLException.class);
        }
    }

    private static void write(Database database, String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String> read(Database database) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select x from t")) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }
}
