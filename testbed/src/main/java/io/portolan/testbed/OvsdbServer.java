package io.portolan.testbed;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A real {@code ovsdb-server} on database files of its own, which survive {@link #kill9()} and {@link #restart()}, as do its
 * socket and its ports.
 */
public final class OvsdbServer implements AutoCloseable {
    /** The files that a TLS listener needs: its key, its certificate, and the authority that signs its clients'. */
    public record Tls(Path privateKey, Path certificate, Path authority) {}

    /** What to serve, and where. It always listens on a unix socket. */
    public static final class Plan {
        private final Workspace workspace;
        private final String name;
        private final List<Path> files = new ArrayList<>();
        private final List<String> extraRemotes = new ArrayList<>();
        private @Nullable Namespace namespace;
        private int tcpPort;
        private int tlsPort;
        private @Nullable Tls tls;
        private @Nullable Duration inactivityProbe;

        private Plan(Workspace workspace, String name) {
            this.workspace = workspace;
            this.name = name;
        }

        /** Serves a new, empty database of this schema. */
        public Plan database(Path schema) {
            Path file = directory().resolve(schema.getFileName().toString().replaceFirst("\\.[^.]*$", "") + ".db");
            workspace
                    .command("ovsdb-tool", "create", file.toString(), schema.toString())
                    .output();
            return file(file);
        }

        /** Serves this database file. */
        public Plan file(Path database) {
            files.add(database);
            return this;
        }

        /** Listens on a free loopback port, too. */
        public Plan tcp() {
            tcpPort = Listeners.freeLoopbackPort();
            return this;
        }

        /** Listens for TLS on a free loopback port, too; clients must show a certificate of the authority. */
        public Plan tls(Tls files) {
            tls = files;
            tlsPort = Listeners.freeLoopbackPort();
            return this;
        }

        /** Another remote, as {@code ovsdb-server --remote} takes it. */
        public Plan remote(String remote) {
            extraRemotes.add(remote);
            return this;
        }

        /**
         * How long a client of the unix socket or a loopback port may be silent before the server probes it, and again
         * before it drops it. Unless said, 5 s for the ports and never for the socket. The server takes this only from a
         * database: it then serves another one, {@code Testbed_Remotes}.
         */
        public Plan inactivityProbe(Duration silence) {
            inactivityProbe = silence;
            return this;
        }

        public Plan inside(Namespace where) {
            namespace = where;
            return this;
        }

        public OvsdbServer start() {
            return new OvsdbServer(this);
        }

        private Path directory() {
            return workspace.directory(name);
        }
    }

    private static final String REMOTES_SCHEMA = "remotes.ovsschema";

    private final Workspace workspace;
    private final Path directory;
    private final int tcpPort;
    private final int tlsPort;
    private final Daemon daemon;

    private OvsdbServer(Plan plan) {
        workspace = plan.workspace;
        directory = plan.directory();
        tcpPort = plan.tcpPort;
        tlsPort = plan.tlsPort;
        daemon = start(plan);
    }

    /** A server whose files are in the directory of this name in the workspace. */
    public static Plan in(Workspace workspace, String name) {
        return new Plan(workspace, name);
    }

    private Daemon start(Plan plan) {
        List<String> arguments = new ArrayList<>(List.of("ovsdb-server"));
        plan.files.forEach(file -> arguments.add(file.toString()));
        List<String> remotes = remotes(plan);
        Duration probe = plan.inactivityProbe;
        if (probe == null) {
            remotes.forEach(remote -> arguments.add("--remote=" + remote));
        } else {
            arguments.add(remotesDatabase(remotes, probe).toString());
            arguments.add("--remote=db:Testbed_Remotes,Remotes,connections");
        }
        plan.extraRemotes.forEach(remote -> arguments.add("--remote=" + remote));
        if (plan.tls != null) {
            arguments.add("--private-key=" + plan.tls.privateKey());
            arguments.add("--certificate=" + plan.tls.certificate());
            arguments.add("--ca-cert=" + plan.tls.authority());
        }
        arguments.add("--unixctl=" + controlSocket());
        arguments.addAll(Logging.TO_CONSOLE);
        Daemon.Plan daemonPlan = workspace
                .daemon(plan.name, arguments.toArray(String[]::new))
                .environment("OVS_RUNDIR", directory.toString())
                .log(directory.resolve("ovsdb-server.log"))
                .grace(Duration.ZERO)
                .readyWhen("listens on its socket and owns its ports", this::listens);
        if (plan.namespace != null) {
            daemonPlan.inside(plan.namespace);
        }
        return daemonPlan.start();
    }

    private List<String> remotes(Plan plan) {
        List<String> remotes = new ArrayList<>(List.of("punix:" + socket()));
        if (plan.tcpPort != 0) {
            remotes.add("ptcp:%d:127.0.0.1".formatted(plan.tcpPort));
        }
        if (plan.tlsPort != 0) {
            remotes.add("pssl:%d:127.0.0.1".formatted(plan.tlsPort));
        }
        return remotes;
    }

    private boolean listens(Daemon starting) {
        return Listeners.accepts(socket())
                && Listeners.accepts(controlSocket())
                && (tcpPort == 0 || Listeners.owns(starting.pid(), tcpPort))
                && (tlsPort == 0 || Listeners.owns(starting.pid(), tlsPort));
    }

    private Path remotesDatabase(List<String> remotes, Duration probe) {
        Path schema = directory.resolve(REMOTES_SCHEMA);
        Path database = directory.resolve("remotes.db");
        try (InputStream resource = OvsdbServer.class.getResourceAsStream(REMOTES_SCHEMA)) {
            Files.copy(Objects.requireNonNull(resource), schema);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> operations = new ArrayList<>(List.of("\"Testbed_Remotes\""));
        List<String> references = new ArrayList<>();
        for (String remote : remotes) {
            String label = "c" + references.size();
            references.add("[\"named-uuid\",\"%s\"]".formatted(label));
            operations.add("""
                    {"op":"insert","table":"Connection","uuid-name":"%s","row":{"target":"%s","inactivity_probe":%d}}""".formatted(label, remote, probe.toMillis()));
        }
        operations.add("""
                {"op":"insert","table":"Remotes","row":{"connections":["set",[%s]]}}""".formatted(String.join(",", references)));
        workspace
                .command("ovsdb-tool", "create", database.toString(), schema.toString())
                .output();
        workspace
                .command("ovsdb-tool", "transact", database.toString(), "[" + String.join(",", operations) + "]")
                .output();
        return database;
    }

    /** The unix socket that clients connect to. */
    public Path socket() {
        return directory.resolve("db.sock");
    }

    /** The socket for {@code ovs-appctl -t}. */
    public Path controlSocket() {
        return directory.resolve("ovsdb-server.ctl");
    }

    public String unixRemote() {
        return "unix:" + socket();
    }

    public int tcpPort() {
        return asked(tcpPort, "TCP");
    }

    public String tcpRemote() {
        return "tcp:127.0.0.1:" + tcpPort();
    }

    public int tlsPort() {
        return asked(tlsPort, "TLS");
    }

    public String tlsRemote() {
        return "ssl:127.0.0.1:" + tlsPort();
    }

    private int asked(int port, String kind) {
        if (port == 0) {
            throw new IllegalStateException("%s was not asked to listen for %s".formatted(daemon.name(), kind));
        }
        return port;
    }

    /** The directory of its database files, sockets and log. */
    public Path directory() {
        return directory;
    }

    public Daemon daemon() {
        return daemon;
    }

    /** {@code ovs-appctl} to this server. */
    public String appctl(String... arguments) {
        List<String> all =
                new ArrayList<>(List.of("ovs-appctl", "-t", controlSocket().toString()));
        all.addAll(List.of(arguments));
        return workspace.command(all.toArray(String[]::new)).output();
    }

    /** Runs a transaction, given as the JSON array of its parameters, by {@code ovsdb-client}; returns the JSON answer. */
    public String transact(String parameters) {
        return workspace
                .command("ovsdb-client", "--timeout=20", "transact", unixRemote(), parameters)
                .output();
    }

    public void kill9() {
        daemon.kill9();
    }

    public void pause() {
        daemon.pause();
    }

    public void resume() {
        daemon.resume();
    }

    /** Starts it again, on the same files, socket and ports. */
    public void start() {
        daemon.start();
    }

    public void restart() {
        daemon.restart();
    }

    @Override
    public void close() {
        daemon.close();
    }
}
