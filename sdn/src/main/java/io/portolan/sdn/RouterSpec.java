package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster's router should be.
 *
 * @param podCidrs the cluster's pools; nothing else behind an adopted router may overlap them
 * @param externalNetwork the name or id of the network that the router has its gateway on; without one we give it
 *     none. An adopted router has it already, or is refused
 * @param serviceCidr where Services' addresses come from; a network whose balancers are on a subnet makes one for it
 */
public record RouterSpec(
        ClusterName cluster,
        List<Cidr> podCidrs,
        @Nullable String externalNetwork,
        @Nullable Cidr serviceCidr) {
    public RouterSpec(ClusterName cluster, List<Cidr> podCidrs, @Nullable String externalNetwork) {
        this(cluster, podCidrs, externalNetwork, null);
    }

    public RouterSpec {
        podCidrs = List.copyOf(podCidrs);
    }
}
