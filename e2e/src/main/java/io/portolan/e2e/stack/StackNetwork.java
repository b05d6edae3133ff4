package io.portolan.e2e.stack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.WorkerHost;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The network that a stack's pods are on, and the machines that its nodes are. */
public interface StackNetwork {
    /** What is put as the cluster. */
    Map<String, Object> clusterSpec();

    /** A machine that is no node yet. */
    WorkerHost addHost(String name);

    /** Machines that were on this network before the cluster; pods reach them by address, and they reach pods. */
    List<Neighbour> neighbours();

    /** Blocks of addresses for Services of type LoadBalancer. */
    List<String> serviceAddresses();

    /** Puts a machine outside, on a network that this node is cabled to. Empty where there is no such thing. */
    Optional<Outside> outside(WorkerHost edge);

    /** What the agent on this machine is told of it: its size, and where its ports bind. */
    Map<String, String> machine(WorkerHost host);

    /** What answers for the network when ports are asked for, by name; pods start without any of it. */
    Map<String, Daemon> controlPlane();

    /** The OVN below it. */
    OvnCentral central();
}
