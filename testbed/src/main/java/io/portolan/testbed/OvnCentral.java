package io.portolan.testbed;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** OVN's central part: the northbound and the southbound database and {@code ovn-northd}, all on unix sockets. */
public final class OvnCentral {
    /** How to serve the two databases; as they are by default, on their unix sockets. */
    public static final class Plan {
        private final Workspace workspace;
        private UnaryOperator<OvsdbServer.Plan> northbound = UnaryOperator.identity();
        private UnaryOperator<OvsdbServer.Plan> southbound = UnaryOperator.identity();

        private Plan(Workspace workspace) {
            this.workspace = workspace;
        }

        /** Adds to the way in which the northbound database is served, for example {@code OvsdbServer.Plan::tcp}. */
        public Plan northbound(UnaryOperator<OvsdbServer.Plan> more) {
            northbound = more;
            return this;
        }

        public Plan southbound(UnaryOperator<OvsdbServer.Plan> more) {
            southbound = more;
            return this;
        }

        /** Returns when northd has filled the southbound database from the empty northbound one. */
        public OvnCentral start() {
            List<OvsdbServer> servers = Parallel.all(List.of(
                    () -> northbound
                            .apply(OvsdbServer.in(workspace, "nb").database(NORTHBOUND_SCHEMA))
                            .start(),
                    () -> southbound
                            .apply(OvsdbServer.in(workspace, "sb").database(SOUTHBOUND_SCHEMA))
                            .start()));
            OvnCentral central = new OvnCentral(workspace, servers.getFirst(), servers.getLast());
            central.nbctl("--wait=sb", "init");
            return central;
        }
    }

    public static final Path NORTHBOUND_SCHEMA = Path.of("/usr/share/ovn/ovn-nb.ovsschema");
    public static final Path SOUTHBOUND_SCHEMA = Path.of("/usr/share/ovn/ovn-sb.ovsschema");

    private final Workspace workspace;
    private final OvsdbServer northbound;
    private final OvsdbServer southbound;
    private final Path northdControl;
    private final Daemon northd;

    private OvnCentral(Workspace workspace, OvsdbServer northbound, OvsdbServer southbound) {
        this.workspace = workspace;
        this.northbound = northbound;
        this.southbound = southbound;
        Path directory = workspace.directory("northd");
        northdControl = directory.resolve("northd.ctl");
        List<String> arguments = new ArrayList<>(List.of(
                "ovn-northd",
                "--ovnnb-db=" + northbound.unixRemote(),
                "--ovnsb-db=" + southbound.unixRemote(),
                "--unixctl=" + northdControl));
        arguments.addAll(Logging.TO_CONSOLE);
        northd = workspace
                .daemon("ovn-northd", arguments.toArray(String[]::new))
                .environment("OVN_RUNDIR", directory.toString())
                .environment("OVS_RUNDIR", directory.toString())
                .log(directory.resolve("ovn-northd.log"))
                .grace(Duration.ZERO)
                .readyWhen("answers on its control socket", starting -> Listeners.accepts(northdControl))
                .start();
    }

    public static Plan in(Workspace workspace) {
        return new Plan(workspace);
    }

    public OvsdbServer northbound() {
        return northbound;
    }

    public OvsdbServer southbound() {
        return southbound;
    }

    public Daemon northd() {
        return northd;
    }

    /** The socket for {@code ovn-appctl -t} to northd. */
    public Path northdControl() {
        return northdControl;
    }

    /** Runs {@code ovn-nbctl}; returns its standard output. */
    public String nbctl(String... arguments) {
        return control("ovn-nbctl", northbound, arguments);
    }

    /** Runs {@code ovn-sbctl}; returns its standard output. */
    public String sbctl(String... arguments) {
        return control("ovn-sbctl", southbound, arguments);
    }

    /** Waits until northd and all the chassis have worked off what is in the northbound database now. */
    public void awaitInstalled() {
        nbctl("--wait=hv", "sync");
    }

    private String control(String program, OvsdbServer server, String... arguments) {
        List<String> all = new ArrayList<>(List.of(program, "--db=" + server.unixRemote(), "--timeout=30"));
        all.addAll(List.of(arguments));
        return workspace.command(all.toArray(String[]::new)).output();
    }
}
