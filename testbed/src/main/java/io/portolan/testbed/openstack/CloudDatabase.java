package io.portolan.testbed.openstack;

import io.portolan.testbed.Command;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.Listeners;
import io.portolan.testbed.TestbedFailed;
import io.portolan.testbed.Waiting;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A MariaDB on a unix socket, its data in a directory of the workspace; who can open the socket is root in it. */
final class CloudDatabase {
    /** Small and without waiting for the disk; what is committed outlives a killed server, not a power cut. */
    static final List<String> SETTINGS = List.of(
            "--skip-networking",
            "--skip-log-bin",
            "--sync-frm=0",
            "--innodb-file-per-table=OFF",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync",
            "--innodb-doublewrite=0",
            "--innodb-log-file-size=8M",
            "--innodb-buffer-pool-size=256M",
            "--max-connections=300",
            "--character-set-server=utf8mb3",
            "--collation-server=utf8mb3_general_ci");

    private final Workspace workspace;
    private final Path socket;
    private final Daemon daemon;

    private CloudDatabase(Workspace workspace, Path socket, Daemon daemon) {
        this.workspace = workspace;
        this.socket = socket;
        this.daemon = daemon;
    }

    /** Fills an empty data directory. */
    static void install(Workspace workspace, Path data) {
        List<String> arguments = arguments("mariadb-install-db", data);
        arguments.add("--auth-root-authentication-method=normal");
        arguments.add("--skip-test-db");
        arguments.add("--skip-name-resolve");
        workspace
                .command(arguments.toArray(String[]::new))
                .within(Duration.ofMinutes(2))
                .output();
    }

    static CloudDatabase start(Workspace workspace, Path directory) {
        Path socket = directory.resolve("db.sock");
        List<String> arguments = arguments("mariadbd", directory.resolve("data"));
        arguments.add("--socket=" + socket);
        arguments.add("--pid-file=" + directory.resolve("pid"));
        arguments.addAll(SETTINGS);
        Daemon daemon = workspace
                .daemon("mariadb", arguments.toArray(String[]::new))
                .log(directory.resolve("mariadb.log"))
                .readyWhen("listens on its socket", starting -> Listeners.accepts(socket))
                .grace(Duration.ZERO)
                .start();
        return new CloudDatabase(workspace, socket, daemon);
    }

    private static List<String> arguments(String program, Path data) {
        return new ArrayList<>(List.of(program, "--no-defaults", "--datadir=" + data, "--user=root", "--basedir=/usr"));
    }

    /** What SQLAlchemy connects to. */
    static String url(Path directory, String schema) {
        return "mysql+pymysql://root@localhost/%s?unix_socket=%s".formatted(schema, directory.resolve("db.sock"));
    }

    /** Runs statements; returns what they select, a row a line, tabs between. */
    String sql(String statements) {
        return client().input(statements).output();
    }

    private Command client() {
        return workspace.command(
                "mariadb", "--no-defaults", "--socket=" + socket, "--user=root", "--batch", "--skip-column-names");
    }

    /** Ends it in order, so that its files can be copied. */
    void shutDown() {
        sql("shutdown;");
        if (!Waiting.until(Duration.ofMinutes(1), () -> !daemon.alive())) {
            throw new TestbedFailed("MariaDB does not shut down:\n" + daemon.logTail());
        }
    }

    Daemon daemon() {
        return daemon;
    }
}
