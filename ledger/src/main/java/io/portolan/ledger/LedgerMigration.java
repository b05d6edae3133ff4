package io.portolan.ledger;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a database to the schema of this release.
 *
 * <p>As a program it takes {@code LEDGER_URL}, {@code LEDGER_USER} and {@code LEDGER_PASSWORD_FILE} from the environment:
 * the password itself is in no environment and no process list. The user owns the tables and may create roles. With {@code
 * LEDGER_LOGINS}, a directory of files each named after a service and holding its password, the services are let in, too.
 */
public final class LedgerMigration {
    private static final Logger LOG = LoggerFactory.getLogger(LedgerMigration.class);
    private static final String LOCATION = "classpath:db/migration";
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final int SAYS_ITS_READERS = 36;

    private LedgerMigration() {}

    /**
     * While services work on it: a migration that is not given a table's lock within a second gives up, so that nobody
     * waits behind it for longer, and is tried again, for five minutes.
     *
     * @return how many migrations were applied
     * @throws LedgerIncompatible where a later release has made of it what this one cannot work on
     */
    public static int migrate(DataSource ledger) {
        return migrate(ledger, LOCATION);
    }

    static int migrate(DataSource ledger, String... locations) {
        Flyway flyway = flyway(ledger, locations);
        int before = flyway.info().applied().length;
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                flyway.migrate();
                schema(flyway).check();
                return flyway.info().applied().length - before;
            } catch (FlywayException e) {
                if (!lockNotAvailable(e) || System.nanoTime() >= end) {
                    throw e;
                }
                LOG.info("a table that is to be migrated is in use; trying again");
                pause();
            }
        }
    }

    private static boolean lockNotAvailable(FlywayException e) {
        return Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
                .anyMatch(cause -> cause instanceof SQLException sql && LOCK_NOT_AVAILABLE.equals(sql.getSQLState()));
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a table was in use", e);
        }
    }

    /** @throws LedgerIncompatible where services of this release cannot work on it */
    public static void validate(DataSource ledger) {
        Flyway flyway = flyway(ledger, LOCATION);
        schema(flyway).check();
        try {
            flyway.validate();
        } catch (FlywayValidateException e) {
            throw new LedgerIncompatible(
                    "the ledger was migrated by something else than a release: " + e.getMessage(),
                    "Migrate a copy from before that.");
        }
    }

    public static LedgerSchema schema(DataSource ledger) {
        return schema(flyway(ledger, LOCATION));
    }

    private static LedgerSchema schema(Flyway flyway) {
        MigrationInfoService info = flyway.info();
        int own = Arrays.stream(info.all())
                .filter(migration -> migration.getState().isResolved())
                .mapToInt(LedgerMigration::number)
                .max()
                .orElse(0);
        int ledger = info.current() == null ? 0 : number(info.current());
        return new LedgerSchema(release(), own, ledger, ledger < SAYS_ITS_READERS ? 0 : oldestReader(flyway));
    }

    private static int number(MigrationInfo migration) {
        return migration.getVersion() == null
                ? 0
                : migration.getVersion().getMajor().intValueExact();
    }

    private static String release() {
        String version = LedgerMigration.class.getPackage().getImplementationVersion();
        return version == null ? "this build" : "release " + version;
    }

    private static int oldestReader(Flyway flyway) {
        try (Connection connection = flyway.getConfiguration().getDataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select oldest_reader from ledger_compatibility")) {
            return row.next() ? row.getInt(1) : 0;
        } catch (SQLException e) {
            throw new FlywayException("who can work on the ledger cannot be read", e);
        }
    }

    private static Flyway flyway(DataSource ledger, String... locations) {
        // An index that is built concurrently is so outside a transaction, and waits for all others: Flyway's own lock
        // is none.
        return Flyway.configure(LedgerMigration.class.getClassLoader())
                .locations(locations)
                .mixed(true)
                .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
                .dataSource(ledger)
                .load();
    }

    static void main() throws IOException, SQLException {
        Map<String, String> env = System.getenv();
        String password =
                Files.readString(Path.of(required(env, "LEDGER_PASSWORD_FILE"))).strip();
        PGSimpleDataSource ledger = new PGSimpleDataSource();
        ledger.setUrl(required(env, "LEDGER_URL"));
        ledger.setUser(required(env, "LEDGER_USER"));
        ledger.setPassword(password);
        try {
            IO.println("ledger: " + migrate(ledger) + " migrations applied");
        } catch (LedgerIncompatible e) {
            System.err.println("ledger: " + e.getMessage() + ". " + e.remedy());
            System.exit(1);
        }
        LedgerSchema schema = schema(ledger);
        IO.println("ledger: schema %03d, for services of %03d and later"
                .formatted(schema.ledger(), schema.oldestReader()));
        String logins = env.get("LEDGER_LOGINS");
        if (logins != null) {
            IO.println("ledger: let in " + LedgerLogins.in(Path.of(logins)).grant(ledger));
        }
    }

    private static String required(Map<String, String> env, String name) {
        String value = env.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " is not set");
        }
        return value;
    }
}
