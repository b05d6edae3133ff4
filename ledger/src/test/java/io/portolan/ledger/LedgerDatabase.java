package io.portolan.ledger;

import io.portolan.testbed.postgres.PostgresServer;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;

/** A fresh, migrated ledger for a test, with a login for each service that has exactly that service's rights. */
public record LedgerDatabase(Database owner) {
    private static final String PASSWORD = "test";

    public static LedgerDatabase create() {
        Database database = PostgresServer.shared().newDatabase();
        LedgerMigration.migrate(dataSource(database));
        return new LedgerDatabase(database);
    }

    /** A ledger as a release left it whose last migration was this one. */
    static LedgerDatabase at(String migration) {
        Database database = PostgresServer.shared().newDatabase();
        Flyway.configure()
                .dataSource(dataSource(database))
                .locations("classpath:db/migration")
                .target(migration)
                .load()
                .migrate();
        return new LedgerDatabase(database);
    }

    /** Migrates on, as a later release with the migrations of these packages would. */
    public int migrate(String... later) {
        return LedgerMigration.migrate(
                dataSource(owner),
                Stream.concat(Stream.of("db/migration"), Stream.of(later))
                        .map("classpath:"::concat)
                        .toArray(String[]::new));
    }

    /** The login of a service: {@code ipam}, {@code topology}, {@code lb}, {@code security} or {@code reader}. */
    public Database as(String service) {
        String login = "test_" + service;
        PostgresServer.shared().execute("""
                        do $$ begin
                          create role %s login password '%s' in role portolan_%s;
                        exception when duplicate_object or unique_violation then null; end $$""".formatted(login, PASSWORD, service));
        return owner.as(login, PASSWORD);
    }

    public static DataSource dataSource(Database database) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(database.url());
        source.setUser(database.user());
        source.setPassword(database.password());
        return source;
    }

    /** Runs statements as the owner of the tables. */
    public void execute(String... statements) throws SQLException {
        try (Connection connection = owner.connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
