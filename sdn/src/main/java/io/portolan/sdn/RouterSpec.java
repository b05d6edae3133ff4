package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterName;
import java.util.List;

/**
 * What a cluster's router should be.
 *
 * @param podCidrs the cluster's pools; nothing else behind an adopted router may overlap them
 */
public record RouterSpec(ClusterName cluster, List<Cidr> podCidrs) {
    public RouterSpec {
        podCidrs = List.copyOf(podCidrs);
    }
}
