package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.VlanTag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a router's way to the outside should be.
 *
 * @param routerId as {@link SdnTopology#ensureRouter} or {@link SdnTopology#adoptRouter} answered
 * @param podCidrs the cluster's pools; what of them no pod has is not sent outside
 * @param serviceCidr the same holds for it
 * @param snat whether pods are seen outside by the gateway's address
 * @param noSnatCidrs towards these they are seen by their own all the same, and are reached by it from there
 * @param attachment where the router meets the outside; null where the network's own routers know that
 */
public record GatewaySpec(
        String routerId,
        List<Cidr> podCidrs,
        @Nullable Cidr serviceCidr,
        boolean snat,
        List<Cidr> noSnatCidrs,
        @Nullable Attachment attachment) {
    public GatewaySpec {
        podCidrs = List.copyOf(podCidrs);
        noSnatCidrs = List.copyOf(noSnatCidrs);
    }

    /**
     * A port of the router on a physical network.
     *
     * @param physicalNetwork the name that chassis have a bridge for
     * @param vlan on which it is; null where frames are untagged
     * @param network the block of addresses there
     * @param address the router's own
     * @param nextHop who knows the way to everybody else
     * @param snatAddress whom pods are seen as
     * @param chassis that can have the gateway, the preferred one first
     */
    public record Attachment(
            String physicalNetwork,
            @Nullable VlanTag vlan,
            Cidr network,
            IpAddress address,
            IpAddress nextHop,
            IpAddress snatAddress,
            List<String> chassis) {
        public Attachment {
            chassis = List.copyOf(chassis);
            if (chassis.isEmpty()) {
                throw new IllegalArgumentException("a gateway is on a chassis");
            }
        }
    }
}
