package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.SubnetId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node's switch should be.
 *
 * @param routerId as {@link SdnTopology#ensureRouter} or {@link SdnTopology#adoptRouter} answered
 * @param subnets at least one; the first one's gateway MAC is that of the router port
 * @param network a network that exists, on which the subnets are made; without one the node gets a network of its own
 * @param chassis the chassis that the router port is pinned to; underlay mode has none
 * @param mtu in bytes
 */
public record SwitchSpec(
        NodeId node,
        NodeName name,
        String routerId,
        List<Subnet> subnets,
        @Nullable String network,
        @Nullable String chassis,
        int mtu) {
    public SwitchSpec {
        subnets = List.copyOf(subnets);
        if (subnets.isEmpty()) {
            throw new IllegalArgumentException("a switch has at least one subnet");
        }
    }

    /** A subnet of the switch; the gateway is the router port's address in it. */
    public record Subnet(SubnetId id, Cidr cidr, IpAddress gateway, MacAddress gatewayMac) {}
}
