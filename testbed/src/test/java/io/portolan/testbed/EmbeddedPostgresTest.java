package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.postgres.PostgresServer;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmbeddedPostgresTest {
    @Test
    void aServerWhoseOwnerForgotItIsSweptWithItsWorkspace() throws SQLException {
        Workspace workspace = Workspace.create();
        Path directory = workspace.directory();
        Database database =
                PostgresServer.embedded(workspace.directory("postgres")).newDatabase();
        try (Connection connection = database.connect()) {
            assertThat(connection.isValid(5)).isTrue();
        }
        List<ProcessHandle> ours = Leftovers.marked(directory);
        assertThat(ours).isNotEmpty();
        workspace.close();
        await().until(() -> ours.stream().noneMatch(ProcessHandle::isAlive));
        assertThat(directory).doesNotExist();
        assertThatThrownBy(database::connect).isInstanceOf(SQLException.class);
    }
}
