package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node as topology-service answers.
 *
 * @param epoch what claims and reports of the agent that registered must carry
 * @param state {@code joining}, {@code ready}, {@code draining} or {@code failed}
 * @param stateReason why it is not ready, what is wrong though it is, or what a teardown waits for
 * @param stateProblem the stable name of a trouble that {@code stateReason} tells of, such as {@code quota-exceeded};
 *     {@code docs/http.md} lists them
 * @param filling how far its ports are made; absent when none is to be made
 * @param supply what its pods want, and what it has for them
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record NodeView(
        NodeId id,
        NodeName name,
        ClusterId clusterId,
        ClusterName cluster,
        long epoch,
        String state,
        @Nullable String stateReason,
        @Nullable String stateProblem,
        int cpus,
        int memoryMiB,
        int maxPods,
        @Nullable String chassis,
        @Nullable String parentPort,
        @Nullable String nodeClass,
        Instant lastSeen,
        Settings settings,
        List<SubnetView> subnets,
        PortCounts ports,
        @Nullable Filling filling,
        @Nullable Supply supply) {

    public NodeView {
        subnets = List.copyOf(subnets);
    }

    /** A node without a trouble, of which no port is to be made. */
    public NodeView(
            NodeId id,
            NodeName name,
            ClusterId clusterId,
            ClusterName cluster,
            long epoch,
            String state,
            @Nullable String stateReason,
            int cpus,
            int memoryMiB,
            int maxPods,
            @Nullable String chassis,
            @Nullable String parentPort,
            @Nullable String nodeClass,
            Instant lastSeen,
            Settings settings,
            List<SubnetView> subnets,
            PortCounts ports) {
        this(
                id,
                name,
                clusterId,
                cluster,
                epoch,
                state,
                stateReason,
                null,
                cpus,
                memoryMiB,
                maxPods,
                chassis,
                parentPort,
                nodeClass,
                lastSeen,
                settings,
                subnets,
                ports,
                null,
                null);
    }

    /**
     * What a node's pods want and what it has for them.
     *
     * @param used ports that pods have or had a moment ago, by the agent's word or else by the ledger's
     * @param pending pods that are scheduled to the node and have no port yet
     * @param needed fewer ports than these and a further subnet is cut
     * @param target to so many; a subnet is offered back where the others have them
     * @param ports of its live subnets
     * @param idle ports in its cache that no pod has, its share of the waste
     * @param leased all ports in its cache
     */
    public record Supply(int used, int pending, int needed, int target, int ports, long idle, long leased) {}

    /**
     * How far a node's ports are made.
     *
     * @param ready ports that the network has and that carry traffic
     * @param wanted ports that there are to be
     * @param portsPerSecond made over the last two minutes, or since they were wanted if that is less
     * @param expectedEnd at that pace; absent while there is none
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Filling(
            long ready,
            long wanted,
            double portsPerSecond,
            @Nullable Instant expectedEnd) {}

    /**
     * How the agent is to keep its cache.
     *
     * @param leaseBatch ports a claim, B
     * @param warmHeadroom free ports kept in the cache beyond those in use; the target is {@code B·ceil((headroom +
     *     used)/B)}
     * @param cooldownSeconds rest of an address between two pods, in seconds
     * @param mtu of a pod's interface, in bytes
     */
    public record Settings(int leaseBatch, int warmHeadroom, int cooldownSeconds, int mtu) {}
}
