package io.portolan.testbed.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** A server with any number of databases; its superuser makes them. */
public final class PostgresServer implements AutoCloseable {
    /** The image that Testcontainers runs. */
    public static final String IMAGE = "postgres:18";

    /** {@code auto} (the default), {@code docker} or {@code embedded}. */
    public static final String CHOICE = "test.postgres";

    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    /** Where a database is and who may enter. */
    public record Database(String url, String user, String password) {
        public Connection connect() throws SQLException {
            return DriverManager.getConnection(url, user, password);
        }

        public Database as(String otherUser, String otherPassword) {
            return new Database(url, otherUser, otherPassword);
        }
    }

    private interface Stop {
        void stop() throws IOException;
    }

    private static final class Shared {
        private static final PostgresServer SERVER = start();
    }

    private final String urlPrefix;
    private final String user;
    private final String password;
    private final Stop stop;

    private PostgresServer(String urlPrefix, String user, String password, Stop stop) {
        this.urlPrefix = urlPrefix;
        this.user = user;
        this.password = password;
        this.stop = stop;
    }

    /** One server for all tests of this JVM; it ends with the JVM. */
    public static PostgresServer shared() {
        return Shared.SERVER;
    }

    private static PostgresServer start() {
        String choice = System.getProperty(CHOICE, "auto").toLowerCase(Locale.ROOT);
        return switch (choice) {
            case "docker" -> container();
            case "embedded" -> embedded(null);
            case "auto" -> DockerClientFactory.instance().isDockerAvailable() ? container() : embedded(null);
            default -> throw new IllegalArgumentException(CHOICE + " is auto, docker or embedded, not " + choice);
        };
    }

    private static PostgresServer container() {
        PostgreSQLContainer container = new PostgreSQLContainer(DockerImageName.parse(IMAGE));
        container.start();
        String prefix = "jdbc:postgresql://" + container.getHost() + ":" + container.getMappedPort(5432) + "/";
        return new PostgresServer(prefix, container.getUsername(), container.getPassword(), container::stop);
    }

    /** A server of its own with its data below this directory, on a free loopback port. It survives a kill, not a power cut. */
    public static PostgresServer embedded(@Nullable Path directory) {
        try {
            EmbeddedPostgres.Builder builder =
                    EmbeddedPostgres.builder().setPGStartupWait(START_LIMIT).setServerConfig("max_connections", "300");
            if (directory != null) {
                builder.setDataDirectory(directory).setCleanDataDirectory(true);
            }
            EmbeddedPostgres postgres = builder.start();
            return new PostgresServer(
                    "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/", "postgres", "postgres", postgres::close);
        } catch (IOException e) {
            throw new UncheckedIOException("PostgreSQL does not start", e);
        }
    }

    /** A new, empty database. */
    public Database newDatabase() {
        return newDatabase("t" + UUID.randomUUID().toString().replace("-", ""));
    }

    public Database newDatabase(String name) {
        execute("create database " + name);
        return new Database(urlPrefix + name, user, password);
    }

    /** Runs a statement as superuser outside any database of ours: to make roles. */
    public void execute(String sql) {
        try (Connection connection = DriverManager.getConnection(urlPrefix + "postgres", user, password);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException("PostgreSQL refused: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            stop.stop();
        } catch (IOException e) {
            throw new UncheckedIOException("PostgreSQL does not stop", e);
        }
    }
}
