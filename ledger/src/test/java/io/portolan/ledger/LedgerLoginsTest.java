package io.portolan.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.testbed.postgres.PostgresServer.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerLoginsTest {
    @TempDir
    private Path mount;

    private final LedgerDatabase ledger = LedgerDatabase.create();

    private static boolean mayWrite(Database login, String table) throws SQLException {
        try (Connection connection = login.connect();
                Statement statement = connection.createStatement();
                ResultSet answer = statement.executeQuery(
                        "select has_table_privilege(current_user, '%s', 'insert')".formatted(table))) {
            answer.next();
            return answer.getBoolean(1);
        }
    }

    private void grant() throws IOException, SQLException {
        LedgerLogins.in(mount).grant(LedgerDatabase.dataSource(ledger.owner()));
    }

    @Test
    void eachServiceGetsInWithItsOwnRightsAlone() throws IOException, SQLException {
        Files.createDirectory(mount.resolve("..data"));
        Files.writeString(mount.resolve("ipam"), "it's a 'secret'\n");
        Files.writeString(mount.resolve("lb"), "another");
        grant();
        assertThat(mayWrite(ledger.owner().as("ipam", "it's a 'secret'"), "port"))
                .isTrue();
        assertThat(mayWrite(ledger.owner().as("ipam", "it's a 'secret'"), "load_balancer"))
                .isFalse();
        assertThat(mayWrite(ledger.owner().as("lb", "another"), "load_balancer"))
                .isTrue();
    }

    @Test
    void aNewPasswordReplacesTheOldOne() throws IOException, SQLException {
        Files.writeString(mount.resolve("topology"), "old");
        grant();
        Files.writeString(mount.resolve("topology"), "new");
        grant();
        assertThat(mayWrite(ledger.owner().as("topology", "new"), "node")).isTrue();
    }

    @Test
    void aFileThatNamesNoServiceIsRefused() throws IOException {
        Files.writeString(mount.resolve("postgres"), "x");
        assertThatThrownBy(this::grant)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'postgres'");
    }
}
