package io.portolan.topology.cluster;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.api.PortCounts;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as answered.
 *
 * @param id its UID, the mark on all that is made for it
 * @param state {@code pending}, {@code ready}, {@code failed} or {@code deleting}
 * @param stateReason why it is not ready, or what a teardown waits for
 * @param stateProblem the stable name of a trouble that {@code stateReason} tells of, such as {@code quota-exceeded};
 *     {@code docs/http.md} lists them
 * @param routerId the router in the network, made or adopted
 * @param nesting how its ports are taken into VMs, decided when it was put up first
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ClusterView(
        ClusterId id,
        ClusterName name,
        String state,
        @Nullable String stateReason,
        @Nullable String stateProblem,
        @Nullable String routerId,
        ClusterSpec.@Nullable Nesting nesting,
        ClusterSpec spec,
        NodeCounts nodes,
        PortCounts ports,
        Instant createdAt,
        long revision) {
    /** How many nodes are in which state. */
    public record NodeCounts(long joining, long ready, long draining, long failed) {
        public long all() {
            return joining + ready + draining + failed;
        }
    }
}
