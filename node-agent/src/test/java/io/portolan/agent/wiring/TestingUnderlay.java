package io.portolan.agent.wiring;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.model.VlanTag;
import io.portolan.model.api.PortAddress;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.VmHost;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A real OVN of a cloud: two hypervisors with a VM each, a VM without pods, and nested ports below the VMs' own. */
public final class TestingUnderlay implements TestingNetwork {
    /** Of the VM that has no pods. */
    public static final String PLAIN_VM = "10.129.0.99";

    private static final int FIRST_TAG = 100;

    private final Workspace workspace = Workspace.create();
    private final Fabric fabric;
    private final OvnCentral central;
    private final List<NodeHost> hypervisors;
    private final List<VmHost> vms = new ArrayList<>();
    private final PodSandbox plainVm;
    private final int[] used = new int[2];
    private final Map<String, Plug> made = new HashMap<>();

    public TestingUnderlay() {
        try {
            fabric = Fabric.create(workspace);
            central = OvnCentral.in(workspace).start();
            hypervisors = NodeHost.start(workspace, fabric, central, "hyper-1", "hyper-2");
            central.nbctl("lr-add", "router");
            network("vms", "10.129.0");
            for (int i = 1; i <= 2; i++) {
                network("pods-" + i, "10.130." + i);
                String address = "10.129.0.1" + i;
                vms.add(VmHost.in(
                                workspace,
                                fabric,
                                hypervisors.get(i - 1),
                                "vm-" + i,
                                "vif-" + i,
                                vif("vif-" + i, address),
                                address + "/24")
                        .gateway("10.129.0.1")
                        .start());
            }
            plainVm = plainVm(hypervisors.get(1));
            central.awaitInstalled();
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    private void network(String name, String prefix) {
        MacAddress mac = MacAddress.derivedFrom(IpAddress.parse(prefix + ".1"));
        central.nbctl(("ls-add %1$s -- lrp-add router router-%1$s %2$s %3$s.1/24"
                        + " -- lsp-add %1$s %1$s-router -- lsp-set-type %1$s-router router"
                        + " -- lsp-set-addresses %1$s-router router"
                        + " -- lsp-set-options %1$s-router router-port=router-%1$s")
                .formatted(name, mac, prefix)
                .split(" "));
    }

    /** Returns its hardware address. */
    private String vif(String name, String address) {
        String mac = MacAddress.derivedFrom(IpAddress.parse(address)).toString();
        String both = mac + " " + address;
        central.nbctl(
                "lsp-add",
                "vms",
                name,
                "--",
                "lsp-set-addresses",
                name,
                both,
                "--",
                "lsp-set-port-security",
                name,
                both);
        return mac;
    }

    private PodSandbox plainVm(NodeHost hypervisor) {
        String mac = vif("vif-plain", PLAIN_VM);
        PodSandbox vm = PodSandbox.create(workspace, "plain-vm");
        hypervisor
                .namespace()
                .ip(
                        "link add tapplain type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(mac, NodeHost.POD_MTU, vm.namespace().name()),
                        "link set tapplain up");
        vm.namespace().withoutOffloads("eth0");
        vm.namespace()
                .ip(
                        "addr add %s/24 dev eth0".formatted(PLAIN_VM),
                        "link set eth0 up",
                        "route add default via 10.129.0.1");
        hypervisor.vsctl(
                "add-port",
                "br-int",
                "tapplain",
                "--",
                "set",
                "Interface",
                "tapplain",
                "external_ids:iface-id=vif-plain");
        return vm;
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    public Fabric fabric() {
        return fabric;
    }

    public OvnCentral central() {
        return central;
    }

    public NodeHost hypervisor(int number) {
        return hypervisors.get(number - 1);
    }

    public VmHost vm(int number) {
        return vms.get(number - 1);
    }

    public PodSandbox plainVm() {
        return plainVm;
    }

    @Override
    public Host host(int number) {
        VmHost vm = vm(number);
        return new Host(
                vm.name(),
                vm.directory(),
                vm.namespace(),
                vm.ovsdb(),
                vm.vswitch(),
                vm.switchControl(),
                null,
                vm.vif(),
                vm::vsctl);
    }

    @Override
    public List<Plug> ports(int node, int count) {
        List<Plug> plugs = new ArrayList<>();
        List<String> command = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = used[node - 1]++;
            IpAddress ip = IpAddress.parse("10.130.%d.%d".formatted(node, 2 + number));
            PortId id = PortId.random();
            Plug plug = new Plug(
                    id,
                    "nested-" + id,
                    MacAddress.derivedFrom(ip),
                    // The same tags in both VMs: they need to be apart below one parent only.
                    new VlanTag(FIRST_TAG + number),
                    List.of(new PortAddress(ip, 24, IpAddress.parse("10.130.%d.1".formatted(node)))),
                    NodeHost.POD_MTU);
            plugs.add(plug);
            made.put(ip.toString(), plug);
            String addresses = plug.mac() + " " + ip;
            command.addAll(List.of("--", "lsp-add", "pods-" + node, plug.backendId()));
            command.addAll(List.of(vm(node).vif(), Integer.toString(FIRST_TAG + number)));
            command.addAll(List.of("--", "lsp-set-addresses", plug.backendId(), addresses));
            command.addAll(List.of("--", "lsp-set-port-security", plug.backendId(), addresses));
        }
        central.nbctl(command.subList(1, command.size()).toArray(String[]::new));
        return plugs;
    }

    /** The port that was made with this address. */
    public Plug plug(String address) {
        return Objects.requireNonNull(made.get(address), address);
    }

    @Override
    public WiringProperties settings(int node) {
        VmHost vm = vm(node);
        return new WiringProperties(
                vm.namespace().path(), VmHost.BRIDGE, VmHost.UPLINK, vm.switchControl(), Duration.ofSeconds(30));
    }
}
