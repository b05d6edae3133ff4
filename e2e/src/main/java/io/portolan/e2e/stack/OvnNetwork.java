package io.portolan.e2e.stack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.WorkerHost;
import io.portolan.testbed.Workspace;
import java.util.List;
import java.util.Map;

/** An OVN of the cluster's own: its nodes are chassis. */
record OvnNetwork(Workspace workspace, Fabric fabric, OvnCentral central) implements StackNetwork {
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
                Map.of("endpoints", central.northbound().unixRemote()));
    }

    @Override
    public WorkerHost addHost(String name) {
        return NodeHost.in(workspace, fabric, central, name).start();
    }

    @Override
    public List<Neighbour> neighbours() {
        return List.of();
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
