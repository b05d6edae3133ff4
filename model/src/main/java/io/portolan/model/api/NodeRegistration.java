package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a node agent says of its node, at its start and every few seconds after: {@code PUT
 * /v1/clusters/{cluster}/nodes/{node}}. Saying it again changes nothing but {@code lastSeen}.
 *
 * @param cpus cores, 1 to 4,096
 * @param memoryMiB memory in MiB, 128 to 64 Mi
 * @param maxPods kubelet's limit, 1 to 4,000
 * @param chassis the OVN chassis that binds the node's ports; overlay mode only
 * @param parentPort the id of the VM's port in the cloud; underlay mode only
 * @param nodeClass which of the cluster's node classes sizes this node; without one the cluster's own sizing
 * @param agent one run of the agent: another value than the last one raises the node's epoch and so fences the run
 *     before
 * @param demand how many ports its pods have and will take; without it the ledger counts those in use
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record NodeRegistration(
        int cpus,
        int memoryMiB,
        int maxPods,
        @Nullable String chassis,
        @Nullable String parentPort,
        @Nullable String nodeClass,
        UUID agent,
        @Nullable Demand demand) {
    /**
     * @param used ports that pods have, or had a moment ago, 0 to 65,536
     * @param pending pods that are scheduled to the node and have no port yet, 0 to 65,536
     */
    public record Demand(int used, int pending) {}

    /** Of an agent that does not know what its pods want. */
    public NodeRegistration(
            int cpus,
            int memoryMiB,
            int maxPods,
            @Nullable String chassis,
            @Nullable String parentPort,
            @Nullable String nodeClass,
            UUID agent) {
        this(cpus, memoryMiB, maxPods, chassis, parentPort, nodeClass, agent, null);
    }
}
