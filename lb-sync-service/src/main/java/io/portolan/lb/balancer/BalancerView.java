package io.portolan.lb.balancer;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A load balancer as it should be, and how it stands.
 *
 * @param state {@code pending}, {@code active} or {@code failed}
 * @param externalAddress from the cluster's external addresses
 * @param listeners left out in lists
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record BalancerView(
        LoadBalancerId id,
        String namespace,
        String name,
        String serviceUid,
        String state,
        @Nullable String stateReason,
        @Nullable IpAddress externalAddress,
        Instant changedAt,
        long revision,
        @Nullable List<ListenerView> listeners,
        @Nullable List<PoolView> pools) {

    /**
     * @param reach {@code inside} for pods, {@code outside} at the gateway
     * @param spread {@code anywhere}, or {@code same_node} as the client
     * @param onEmpty {@code refuse} or {@code drop}
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record ListenerView(
            IpAddress address,
            String protocol,
            int port,
            String reach,
            String spread,
            String onEmpty,
            @Nullable Integer affinitySeconds,
            List<Cidr> sources,
            String pool) {}

    record PoolView(String name, List<MemberView> members) {}

    /**
     * @param port the port number
     * @param portId whose address it is; absent for a VM or a machine
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record MemberView(
            IpAddress address,
            int port,
            @Nullable NodeId node,
            @Nullable PortId portId) {}

    /** @param next the {@code cursor} of the page after this one; absent on the last */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Page(List<BalancerView> loadBalancers, @Nullable String next) {}
}
