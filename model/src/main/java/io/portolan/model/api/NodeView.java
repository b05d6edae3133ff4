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
 * @param stateReason why it is not ready, or what a teardown waits for
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

    public NodeView {
        subnets = List.copyOf(subnets);
    }

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
