package io.portolan.e2e.stack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.WorkerHost;
import io.portolan.testbed.Workspace;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An OVN of the cluster's own: its nodes are chassis. */
record OvnNetwork(Workspace workspace, Fabric fabric, OvnCentral central) implements StackNetwork {
    private static final String OUTER = "203.0.113.0/24";
    private static final String MACHINE = "203.0.113.254";

    static OvnNetwork start(Workspace workspace, Fabric fabric) {
        return new OvnNetwork(workspace, fabric, OvnCentral.in(workspace).start());
    }

    @Override
    public Map<String, Object> clusterSpec() {
        return Map.of(
                "mode",
                "overlay",
                "podCidrs",
                List.of(Stack.PODS),
                "mtu",
                NodeHost.POD_MTU,
                "backend",
                Map.of(
                        "endpoints",
                        central.northbound().unixRemote(),
                        "southbound",
                        central.southbound().unixRemote()));
    }

    @Override
    public WorkerHost addHost(String name) {
        return NodeHost.in(workspace, fabric, central, name).start();
    }

    @Override
    public List<Neighbour> neighbours() {
        return List.of();
    }

    @Override
    public List<String> serviceAddresses() {
        return List.of("203.0.113.32/28");
    }

    @Override
    public Optional<Outside> outside(WorkerHost edge) {
        PodSandbox machine = PodSandbox.create(workspace, "outside");
        machine.namespace()
                .ip(
                        "link add outer0 type veth peer name ext0 netns "
                                + edge.namespace().name(),
                        "addr add %s/24 dev outer0".formatted(MACHINE),
                        "link set outer0 up");
        machine.namespace().withoutOffloads("outer0");
        machine.serveTcp(Responders.TCP_PORT, "machine-outside");
        edge.namespace().ip("link set ext0 up");
        edge.namespace().withoutOffloads("ext0");
        edge.vsctl(("add-br br-ex -- set Bridge br-ex datapath_type=netdev -- add-port br-ex ext0"
                        + " -- set Open_vSwitch . external_ids:ovn-bridge-mappings=outer:br-ex")
                .split(" "));
        return Optional.of(new Outside(
                machine,
                MACHINE,
                Map.of(
                        "physicalNetwork",
                        "outer",
                        "network",
                        OUTER,
                        "address",
                        "203.0.113.1",
                        "nextHop",
                        MACHINE,
                        "chassis",
                        List.of(((NodeHost) edge).chassis()),
                        "snatAddress",
                        "203.0.113.2",
                        "floatingCidrs",
                        List.of("203.0.113.48/28"))));
    }

    /** The agent finds the chassis in the switch's own database. */
    @Override
    public Map<String, String> machine(WorkerHost host) {
        return Map.of("PORTOLAN_AGENT_CPUS", "6");
    }

    @Override
    public Map<String, Daemon> controlPlane() {
        return Map.of("OVN's northbound database", central.northbound().daemon());
    }
}
