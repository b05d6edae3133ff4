package io.portolan.agent.wiring;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.model.api.PortAddress;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A real OVN with two nodes, a router, and a switch with ports on each: what the control plane would have made. */
public final class TestingOverlay implements TestingNetwork {
    private final Workspace workspace = Workspace.create();
    private final OvnCentral central;
    private final List<NodeHost> nodes;
    private final int[] used = new int[2];

    public TestingOverlay() {
        try {
            Fabric fabric = Fabric.create(workspace);
            central = OvnCentral.in(workspace).start();
            nodes = NodeHost.start(workspace, fabric, central, "node-1", "node-2");
            central.nbctl("lr-add", "router");
            for (int node = 1; node <= 2; node++) {
                central.nbctl(("ls-add switch-%1$d"
                                + " -- lrp-add router router-%1$d 0a:58:0a:80:0%1$d:01 10.128.%1$d.1/24"
                                + " -- lsp-add switch-%1$d uplink-%1$d -- lsp-set-type uplink-%1$d router"
                                + " -- lsp-set-addresses uplink-%1$d router"
                                + " -- lsp-set-options uplink-%1$d router-port=router-%1$d")
                        .formatted(node)
                        .split(" "));
            }
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    public OvnCentral central() {
        return central;
    }

    /** 1 or 2. */
    public NodeHost node(int number) {
        return nodes.get(number - 1);
    }

    @Override
    public Host host(int number) {
        NodeHost node = node(number);
        return new Host(
                node.name(),
                node.directory(),
                node.namespace(),
                node.ovsdb(),
                node.vswitch(),
                node.switchControl(),
                node.chassis(),
                null,
                node::vsctl);
    }

    @Override
    public List<Plug> ports(int node, int count) {
        List<Plug> plugs = new ArrayList<>();
        List<String> command = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            IpAddress ip = IpAddress.parse("10.128.%d.%d".formatted(node, 2 + used[node - 1]++));
            PortId id = PortId.random();
            Plug plug = new Plug(
                    id,
                    id.toString(),
                    MacAddress.derivedFrom(ip),
                    null,
                    List.of(new PortAddress(ip, 24, IpAddress.parse("10.128.%d.1".formatted(node)))),
                    NodeHost.POD_MTU);
            plugs.add(plug);
            String addresses = plug.mac() + " " + ip;
            command.addAll(List.of("--", "lsp-add", "switch-" + node, id.toString()));
            command.addAll(List.of("--", "lsp-set-addresses", id.toString(), addresses));
            command.addAll(List.of("--", "lsp-set-port-security", id.toString(), addresses));
        }
        central.nbctl(command.subList(1, command.size()).toArray(String[]::new));
        return plugs;
    }

    @Override
    public WiringProperties settings(int node) {
        NodeHost host = node(node);
        return new WiringProperties(
                host.namespace().path(), "br-int", null, host.switchControl(), Duration.ofSeconds(30));
    }
}
