package io.portolan.ledger;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Brings a database to the schema of this release.
 *
 * <p>As a program it takes {@code LEDGER_URL}, {@code LEDGER_USER} and {@code LEDGER_PASSWORD_FILE} from the environment:
 * the password itself is in no environment and no process list. The user owns the tables and may create roles. With {@code
 * LEDGER_LOGINS}, a directory of files each named after a service and holding its password, the services are let in, too.
 */
public final class LedgerMigration {
    private LedgerMigration() {}

    /** @return how many migrations were applied */
    public static int migrate(DataSource ledger) {
        return migrate(configuration().dataSource(ledger));
    }

    private static int migrate(FluentConfiguration configuration) {
        return configuration.load().migrate().migrationsExecuted;
    }

    /** Throws {@code FlywayValidateException} where the ledger is older or newer than this release. */
    public static void validate(DataSource ledger) {
        configuration().dataSource(ledger).load().validate();
    }

    private static FluentConfiguration configuration() {
        return Flyway.configure(LedgerMigration.class.getClassLoader()).locations("classpath:db/migration");
    }

    static void main() throws IOException, SQLException {
        Map<String, String> env = System.getenv();
        String password =
                Files.readString(Path.of(required(env, "LEDGER_PASSWORD_FILE"))).strip();
        PGSimpleDataSource ledger = new PGSimpleDataSource();
        ledger.setUrl(required(env, "LEDGER_URL"));
        ledger.setUser(required(env, "LEDGER_USER"));
        ledger.setPassword(password);
        IO.println("ledger: " + migrate(ledger) + " migrations applied");
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
