package io.portolan.testbed;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A VM on a hypervisor, for which a namespace stands: its one vNIC is a VIF of the cloud's OVN. Inside it an Open vSwitch
 * of its own, without OVN, has the vNIC as the uplink of a bridge that switches as it learns; the VM's own address is on
 * that bridge's own interface. Access ports of the bridge are nested ports of the VIF.
 *
 * <p>The vNIC is a veth pair, whose other end is in the hypervisor's {@code br-int}. A pair that was unplugged and plugged
 * in again is another one under the old names, which an Open vSwitch in user space does not notice by itself; so both
 * switches forget the port and learn it anew.
 */
public final class VmHost implements WorkerHost {
    /** The bridge inside the VM. */
    public static final String BRIDGE = "br-int";

    /** The vNIC inside the VM, which is the uplink of {@link #BRIDGE}. */
    public static final String UPLINK = "eth0";

    /** Room for a VLAN tag on top of {@link NodeHost#POD_MTU}. */
    private static final int UPLINK_MTU = 1500;

    private static final int LONGEST_NAME = 12;

    /** What the VM is called and which VIF it has. */
    public static final class Plan {
        private final Workspace workspace;
        private final Fabric fabric;
        private final NodeHost hypervisor;
        private final String name;
        private final String vif;
        private final String mac;
        private final String address;
        private @Nullable String gateway;
        private UnaryOperator<OvsdbServer.Plan> ovsdb = UnaryOperator.identity();

        private Plan(
                Workspace workspace,
                Fabric fabric,
                NodeHost hypervisor,
                String name,
                String vif,
                String mac,
                String address) {
            if (name.length() > LONGEST_NAME || !address.contains("/")) {
                throw new IllegalArgumentException(
                        "a VM's name has at most %d characters, its address a prefix length: %s, %s"
                                .formatted(LONGEST_NAME, name, address));
            }
            this.workspace = workspace;
            this.fabric = fabric;
            this.hypervisor = hypervisor;
            this.name = name;
            this.vif = vif;
            this.mac = mac;
            this.address = address;
        }

        /** Where the VM's default route goes; it has none unless said. */
        public Plan gateway(String router) {
            gateway = router;
            return this;
        }

        /** Adds to the way in which the VM's own database is served, for example another database file. */
        public Plan ovsdb(UnaryOperator<OvsdbServer.Plan> more) {
            ovsdb = more;
            return this;
        }

        /** Returns when the VM's switch runs; the cloud may still have to install the VIF's flows. */
        public VmHost start() {
            return new VmHost(this);
        }
    }

    private final NodeHost hypervisor;
    private final String name;
    private final String vif;
    private final String mac;
    private final String address;
    private final Optional<String> gateway;
    private final Workspace workspace;
    private final Namespace namespace;
    private final String managementAddress;
    private final OpenVSwitch openVSwitch;
    private final Daemon vswitch;

    private VmHost(Plan plan) {
        workspace = plan.workspace;
        hypervisor = plan.hypervisor;
        name = plan.name;
        vif = plan.vif;
        mac = plan.mac;
        address = plan.address;
        gateway = Optional.ofNullable(plan.gateway);
        namespace = Namespace.create(workspace, name);
        namespace.prepareForSwitching();
        managementAddress = plan.fabric.attachToManagement(namespace);
        connect();
        openVSwitch = new OpenVSwitch(workspace, name, namespace, plan.ovsdb);
        List<String> arguments = new ArrayList<>(List.of("--no-wait", "init"));
        arguments.addAll(OpenVSwitch.bridge(BRIDGE, "standalone"));
        arguments.addAll(List.of(
                // The bridge takes the lowest address of its ports else: a pod's one day.
                "other_config:hwaddr=\"%s\"".formatted(mac), "--", "add-port", BRIDGE, UPLINK));
        arguments.addAll(List.of("--", "set", "Interface", BRIDGE, "mtu_request=" + NodeHost.POD_MTU));
        openVSwitch.vsctl(arguments.toArray(String[]::new));
        vswitch = openVSwitch.start(List.of(BRIDGE), this::raiseOwnInterface);
    }

    /**
     * A VM of this name; its directory and namespace are named after it.
     *
     * @param vif the {@code iface-id} of its port in the cloud
     * @param mac the hardware address of that port
     * @param address the address of that port, with its prefix length
     */
    public static Plan in(
            Workspace workspace,
            Fabric fabric,
            NodeHost hypervisor,
            String name,
            String vif,
            String mac,
            String address) {
        return new Plan(workspace, fabric, hypervisor, name, vif, mac, address);
    }

    private void connect() {
        hypervisor
                .namespace()
                .ip(
                        "link add %s mtu %d type veth peer name %s mtu %d address %s netns %s"
                                .formatted(tap(), UPLINK_MTU, UPLINK, UPLINK_MTU, mac, namespace.name()),
                        "link set %s up".formatted(tap()));
        hypervisor.namespace().withoutOffloads(tap());
        namespace.withoutOffloads(UPLINK);
        namespace.ip("link set %s up".formatted(UPLINK));
        hypervisor.vsctl(
                "add-port",
                "br-int",
                tap(),
                "--",
                "set",
                "Interface",
                tap(),
                "external_ids:iface-id=" + vif,
                "external_ids:attached-mac=\"%s\"".formatted(mac));
    }

    private void raiseOwnInterface() {
        List<String> lines = new ArrayList<>(List.of(
                "addr replace %s dev %s".formatted(address, BRIDGE),
                "link set %s mtu %d up".formatted(BRIDGE, NodeHost.POD_MTU)));
        gateway.ifPresent(router -> lines.add("route replace default via " + router));
        namespace.ip(lines.toArray(String[]::new));
    }

    /** Takes the vNIC out of the running VM. */
    public void unplug() {
        hypervisor.vsctl("--if-exists", "del-port", "br-int", tap());
        hypervisor.namespace().ip("link del " + tap());
    }

    /** Puts the vNIC back, and makes it the uplink again. */
    public void plug() {
        openVSwitch.vsctl("--if-exists", "del-port", BRIDGE, UPLINK);
        connect();
        openVSwitch.vsctl("add-port", BRIDGE, UPLINK);
    }

    @Override
    public String name() {
        return name;
    }

    public NodeHost hypervisor() {
        return hypervisor;
    }

    /** The {@code iface-id} of its port in the cloud. */
    public String vif() {
        return vif;
    }

    /** The hypervisor's end of the vNIC. */
    public String tap() {
        return "tap" + name;
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
        return managementAddress;
    }

    /** Its address in the cloud, without the prefix length. */
    public String address() {
        return address.substring(0, address.indexOf('/'));
    }

    @Override
    public OvsdbServer ovsdb() {
        return openVSwitch.ovsdb();
    }

    @Override
    public Daemon vswitch() {
        return vswitch;
    }

    @Override
    public Path switchControl() {
        return openVSwitch.control();
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
