package io.portolan.testbed;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * An Open vSwitch in a namespace: {@code ovsdb-server} and {@code ovs-vswitchd}, which forwards in user space, so that no
 * kernel module is needed: every bridge is {@code netdev}.
 *
 * <p>Bridges' own interfaces die with {@code ovs-vswitchd}; what is to be on them is put back at each start. Unlike the
 * kernel's datapath, this one also stands still while its database server is dead: the main loop that reads the packets
 * waits for the database's lock.
 */
final class OpenVSwitch {
    private static final Path SCHEMA = Path.of("/usr/share/openvswitch/vswitch.ovsschema");

    private final Workspace workspace;
    private final String name;
    private final Namespace namespace;
    private final Path directory;
    private final OvsdbServer ovsdb;

    /** Starts the database server; the switch itself is started by {@link #start}. */
    OpenVSwitch(Workspace workspace, String name, Namespace namespace, UnaryOperator<OvsdbServer.Plan> more) {
        this.workspace = workspace;
        this.name = name;
        this.namespace = namespace;
        directory = workspace.directory(name);
        ovsdb = more.apply(OvsdbServer.in(workspace, name)
                        .database(SCHEMA)
                        .inside(namespace)
                        .remote("db:Open_vSwitch,Open_vSwitch,manager_options"))
                .start();
    }

    /** The words of {@code ovs-vsctl} that add a bridge, after others. */
    static List<String> bridge(String bridge, String failMode) {
        return List.of(
                "--", "add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev", "fail_mode=" + failMode);
    }

    /** @param afterStart what is done after each start, once these bridges are there */
    Daemon start(List<String> bridges, Runnable afterStart) {
        return daemon(
                        "ovs-vswitchd",
                        ovsdb.unixRemote(),
                        // There is no kernel datapath to look for.
                        "--disable-system",
                        "--unixctl=" + control())
                .readyWhen("answers on its control socket", starting -> Listeners.accepts(control()))
                .afterStart(() -> {
                    bridges.forEach(bridge -> vsctl("wait-until", "Interface", bridge, "ofport=65534"));
                    afterStart.run();
                })
                .start();
    }

    /** A daemon of Open vSwitch or OVN beside this switch, disposable: it is killed when the testbed closes. */
    Daemon.Plan daemon(String program, String... arguments) {
        List<String> all = new ArrayList<>(List.of(program));
        all.addAll(List.of(arguments));
        all.addAll(Logging.TO_CONSOLE);
        return workspace
                .daemon(name + "/" + program, all.toArray(String[]::new))
                .environment("OVS_RUNDIR", directory.toString())
                .environment("OVN_RUNDIR", directory.toString())
                .log(directory.resolve(program + ".log"))
                .grace(Duration.ZERO)
                .inside(namespace);
    }

    OvsdbServer ovsdb() {
        return ovsdb;
    }

    Path directory() {
        return directory;
    }

    /** The socket for {@code ovs-appctl -t} to {@code ovs-vswitchd}. */
    Path control() {
        return directory.resolve("ovs-vswitchd.ctl");
    }

    String vsctl(String... arguments) {
        List<String> all = new ArrayList<>(List.of("ovs-vsctl", "--db=" + ovsdb.unixRemote(), "--timeout=30"));
        all.addAll(List.of(arguments));
        return workspace.command(all.toArray(String[]::new)).output();
    }
}
