package io.portolan.testbed;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;

/**
 * A worker node: a namespace with an Open vSwitch and an {@code ovn-controller} of its own, joined to a central.
 *
 * <p>Its bridge {@code br-phy} holds the underlay interface, and the tunnel address is on that bridge's own interface,
 * where the userspace tunnels look for it. A {@link VmHost} can run on it.
 */
public final class NodeHost implements WorkerHost {
    /** The largest packet of a pod that still fits through the tunnels. */
    public static final int POD_MTU = 1400;

    /** What the node is called and how it is set up. */
    public static final class Plan {
        private final Workspace workspace;
        private final Fabric fabric;
        private final OvnCentral central;
        private final String name;
        private final Map<String, String> externalIds = new LinkedHashMap<>();
        private String chassis;
        private UnaryOperator<OvsdbServer.Plan> ovsdb = UnaryOperator.identity();

        private Plan(Workspace workspace, Fabric fabric, OvnCentral central, String name) {
            this.workspace = workspace;
            this.fabric = fabric;
            this.central = central;
            this.name = name;
            chassis = name;
        }

        /** The system id, which is the chassis' name; the node's name unless said. */
        public Plan chassis(String systemId) {
            chassis = systemId;
            return this;
        }

        /** An entry of {@code external_ids} in the row Open_vSwitch. */
        public Plan externalId(String key, String value) {
            externalIds.put(key, value);
            return this;
        }

        /** Adds to the way in which the node's own database is served, for example another database file. */
        public Plan ovsdb(UnaryOperator<OvsdbServer.Plan> more) {
            ovsdb = more;
            return this;
        }

        /** Returns when the chassis is in the southbound database. */
        public NodeHost start() {
            NodeHost node = new NodeHost(this);
            node.awaitChassis();
            return node;
        }
    }

    private final Workspace workspace;
    private final OvnCentral central;
    private final String name;
    private final String chassis;
    private final Namespace namespace;
    private final Fabric.Addresses addresses;
    private final OpenVSwitch openVSwitch;
    private final Daemon vswitch;
    private final Daemon controller;

    private NodeHost(Plan plan) {
        workspace = plan.workspace;
        central = plan.central;
        name = plan.name;
        chassis = plan.chassis;
        namespace = Namespace.create(workspace, name);
        namespace.prepareForSwitching();
        addresses = plan.fabric.attach(namespace);
        openVSwitch = new OpenVSwitch(workspace, name, namespace, plan.ovsdb);
        describe(plan.externalIds);
        vswitch = openVSwitch.start(List.of("br-phy", "br-int"), this::raiseTunnelInterface);
        controller = startController();
    }

    /** A node of this name; its directory, namespace and, unless said, chassis are named after it. */
    public static Plan in(Workspace workspace, Fabric fabric, OvnCentral central, String name) {
        return new Plan(workspace, fabric, central, name);
    }

    /** Starts nodes of these names at once. */
    public static List<NodeHost> start(Workspace workspace, Fabric fabric, OvnCentral central, String... names) {
        return Parallel.all(List.of(names).stream()
                .map(name -> (Callable<NodeHost>)
                        () -> in(workspace, fabric, central, name).start())
                .toList());
    }

    /** Writes the whole configuration in one transaction, before there is a switch to act on it. */
    private void describe(Map<String, String> externalIds) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("system-id", chassis);
        all.put("hostname", name);
        all.put("ovn-remote", central.southbound().unixRemote());
        all.put("ovn-encap-type", "geneve");
        all.put("ovn-encap-ip", addresses.tunnel());
        all.put("ovn-bridge", "br-int");
        all.put("ovn-bridge-datapath-type", "netdev");
        all.putAll(externalIds);
        List<String> arguments = new ArrayList<>(List.of("--no-wait", "init", "--", "set", "Open_vSwitch", "."));
        all.forEach((key, value) -> arguments.add("external_ids:\"%s\"=\"%s\"".formatted(key, value)));
        arguments.addAll(OpenVSwitch.bridge("br-phy", "standalone"));
        arguments.addAll(List.of("--", "add-port", "br-phy", Fabric.UNDERLAY_DEVICE));
        // If br-int is not there, ovn-controller makes it itself, on the kernel's datapath.
        arguments.addAll(OpenVSwitch.bridge("br-int", "secure"));
        arguments.add("other_config:disable-in-band=true");
        vsctl(arguments.toArray(String[]::new));
    }

    private void raiseTunnelInterface() {
        namespace.ip("addr replace %s/24 dev br-phy".formatted(addresses.tunnel()), "link set br-phy up");
    }

    private Daemon startController() {
        return openVSwitch
                .daemon("ovn-controller", ovsdb().unixRemote())
                .readyWhen("answers on its control socket", starting -> Listeners.accepts(controllerControl(starting)))
                .start();
    }

    private void awaitChassis() {
        central.sbctl("wait-until", "Chassis", chassis);
    }

    @Override
    public String name() {
        return name;
    }

    public String chassis() {
        return chassis;
    }

    @Override
    public Namespace namespace() {
        return namespace;
    }

    @Override
    public Path directory() {
        return openVSwitch.directory();
    }

    @Override
    public String managementAddress() {
        return addresses.management();
    }

    public String tunnelAddress() {
        return addresses.tunnel();
    }

    @Override
    public OvsdbServer ovsdb() {
        return openVSwitch.ovsdb();
    }

    @Override
    public Daemon vswitch() {
        return vswitch;
    }

    /** {@code ovn-controller}; SIGTERM leaves its Chassis row behind, {@link #leave()} does not. */
    public Daemon controller() {
        return controller;
    }

    @Override
    public Path switchControl() {
        return openVSwitch.control();
    }

    /** The socket for {@code ovn-appctl -t} to {@code ovn-controller}; another one after each start. */
    public Path controllerControl() {
        return controllerControl(controller);
    }

    private Path controllerControl(Daemon daemon) {
        return directory().resolve("ovn-controller.%d.ctl".formatted(daemon.pid()));
    }

    /** Ends ovn-controller so that it takes its chassis out of the southbound database. */
    public void leave() {
        workspace
                .command("ovn-appctl", "-t", controllerControl().toString(), "exit")
                .output();
        if (!Waiting.until(Duration.ofSeconds(30), () -> !controller.alive())) {
            throw new TestbedFailed("ovn-controller of %s does not exit:%n%s".formatted(name, controller.logTail()));
        }
    }

    @Override
    public Daemon.Plan daemon(String label, String... arguments) {
        return workspace
                .daemon(name + "/" + label, arguments)
                .log(directory().resolve(label + ".log"))
                .inside(namespace);
    }

    @Override
    public String vsctl(String... arguments) {
        return openVSwitch.vsctl(arguments);
    }

    @Override
    public String toString() {
        return name;
    }
}
