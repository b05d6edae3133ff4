package io.portolan.e2e.stack;

import io.portolan.ledger.LedgerMigration;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresPair;
import io.portolan.testbed.postgres.PostgresServer;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.postgresql.ds.PGSimpleDataSource;

/** PostgreSQL with a migrated ledger and a login for each service, whose password is in a file that only root reads. */
public final class Ledger {
    private final Database owner;
    private final Path secrets;

    private Ledger(Database owner, Path secrets) {
        this.owner = owner;
        this.secrets = secrets;
    }

    public static Ledger start(Workspace workspace) {
        PostgresServer server = workspace.own(PostgresServer.embedded(workspace.directory("postgres")));
        return of(workspace, server.newDatabase("portolan"), server::execute);
    }

    /** On a primary and its standby; every URL names both. */
    public static Ledger start(Workspace workspace, PostgresPair pair) {
        return of(workspace, pair.newDatabase("portolan"), pair::execute);
    }

    private static Ledger of(Workspace workspace, Database database, Consumer<String> superuser) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(database.url());
        source.setUser(database.user());
        source.setPassword(database.password());
        LedgerMigration.migrate(source);
        Ledger ledger = new Ledger(database, workspace.directory("secrets"));
        for (String module : List.of("ipam-service", "topology-service", "lb-sync-service", "security-service")) {
            String password = ledger.newPassword(module);
            superuser.accept("create role %s login password '%s' in role portolan_%s"
                    .formatted(login(module), password, login(module)));
        }
        return ledger;
    }

    private String newPassword(String module) {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        String password = HexFormat.of().formatHex(random);
        try {
            Path directory = Files.createDirectories(
                    secrets(module),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.writeString(directory.resolve("spring.datasource.password"), password);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return password;
    }

    /**
     * Gives a part a secret: a directory of this name with a file in it, as a mounted Kubernetes secret is.
     *
     * @return the file
     */
    Path secret(String module, String name, String file, String content) {
        try {
            Path directory = Files.createDirectories(
                    secrets(module).resolve(name),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return Files.writeString(directory.resolve(file), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String login(String module) {
        return module.substring(0, module.indexOf('-'));
    }

    private Path secrets(String module) {
        return secrets.resolve(module);
    }

    /** How a service finds its way in. The password is not here: it is in a file of its own. */
    Map<String, String> environment(String module) {
        return Map.of(
                "SPRING_DATASOURCE_URL", owner.url(),
                "SPRING_DATASOURCE_USERNAME", login(module),
                "PORTOLAN_SECRETS", secrets(module).toString());
    }

    /** With the rights of the tables' owner, for looking. */
    public Database owner() {
        return owner;
    }
}
