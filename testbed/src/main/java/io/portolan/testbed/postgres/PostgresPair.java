package io.portolan.testbed.postgres;

import io.portolan.testbed.TestbedFailed;
import io.portolan.testbed.Waiting;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresServer.Database;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;

/**
 * A primary and its synchronous standby, by streaming replication: what the operator of a highly available PostgreSQL
 * runs, and the part of that operator's work that a failover is.
 *
 * <p>A commit is acknowledged when both have it on their disks. {@link #failOver} keeps the order that any such operator
 * must keep: the old primary is dead for certain and cannot come back as one (it is fenced) <em>before</em> the standby is
 * promoted; only then does the new primary stop waiting for a standby that it has not.
 */
public final class PostgresPair implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private PostgresInstance primary;
    private PostgresInstance standby;

    private PostgresPair(PostgresInstance primary, PostgresInstance standby) {
        this.primary = primary;
        this.standby = standby;
    }

    /** Returns when the standby has all that the primary has, and commits wait for it. The workspace owns both. */
    public static PostgresPair start(Workspace workspace) {
        Path one = workspace.directory().resolve("postgres-1");
        Path programs = initialise(one);
        PostgresPair pair = new PostgresPair(
                new PostgresInstance(workspace, "postgres_1", programs, one),
                new PostgresInstance(
                        workspace, "postgres_2", programs, workspace.directory().resolve("postgres-2")));
        pair.primary.configureAsPrimary();
        pair.primary.start();
        pair.follow();
        return workspace.own(pair);
    }

    /** Makes the files of a server without databases; returns the directory of the programs that did. */
    private static Path initialise(Path data) {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setPGStartupWait(LIMIT)
                .setDataDirectory(data)
                .setCleanDataDirectory(false);
        try (EmbeddedPostgres server = builder.start();
                Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select setting from pg_config where name = 'BINDIR'")) {
            found.next();
            return Path.of(found.getString(1));
        } catch (IOException e) {
            throw new UncheckedIOException("PostgreSQL does not start", e);
        } catch (SQLException e) {
            throw new TestbedFailed("PostgreSQL does not say where its programs are", e);
        }
    }

    private void follow() {
        standby.copy(primary);
        standby.configureAsStandbyOf(primary);
        standby.start();
        primary.waitFor(Optional.of(standby));
        if (!Waiting.until(LIMIT, this::synchronous)) {
            throw new TestbedFailed("%s did not become the synchronous standby of %s".formatted(standby, primary));
        }
    }

    private boolean synchronous() {
        return primary.ask("select sync_state from pg_stat_replication where state = 'streaming'")
                .equals(Optional.of("sync"));
    }

    public PostgresInstance primary() {
        return primary;
    }

    public PostgresInstance standby() {
        return standby;
    }

    /** A new, empty database, by a URL that names both servers and leads to the one that takes writes. */
    public Database newDatabase(String name) {
        execute("create database " + name);
        return new Database(
                "jdbc:postgresql://%s,%s/%s?targetServerType=primary".formatted(primary.host(), standby.host(), name),
                "postgres",
                "postgres");
    }

    /** Runs a statement as superuser on the primary, outside any database of ours: to make roles. */
    public void execute(String sql) {
        primary.ask(sql);
    }

    /**
     * Makes the standby the primary. Whatever state the old primary is in, it is killed and fenced first, so that nobody
     * who still reaches it is told that something was written.
     */
    public void failOver() {
        primary.kill9();
        primary.configureAsStandbyOf(standby);
        if (!standby.ask("select pg_promote(true, %d)".formatted(LIMIT.toSeconds()))
                .equals(Optional.of("t"))) {
            throw new TestbedFailed(standby + " is not promoted");
        }
        PostgresInstance fenced = primary;
        primary = standby;
        standby = fenced;
    }

    /** The fenced server comes back with a fresh copy, as the synchronous standby. */
    public void rejoin() {
        standby.kill9();
        follow();
    }

    @Override
    public void close() {
        standby.kill9();
        primary.kill9();
    }

    @Override
    public String toString() {
        return "%s with its standby %s".formatted(primary, standby);
    }
}
