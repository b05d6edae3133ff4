package io.portolan.ipam.utilisation;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.api.PortCounts;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much of a cluster's ports is used.
 *
 * @param nodes by name
 * @param next the {@code cursor} of the page of nodes after this one; absent on the last
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Utilisation(
        ClusterName cluster,
        PortCounts ports,
        Leases leases,
        List<OfNode> nodes,
        @Nullable String next) {
    Utilisation {
        nodes = List.copyOf(nodes);
    }

    /**
     * Ports in nodes' caches.
     *
     * @param idle no pod has them, and none had a moment ago
     * @param total all that a node holds: idle, bound, and cooling in the cache
     */
    record Leases(long idle, long total) {
        static Leases of(UtilisationRepository.HeldRow row) {
            return new Leases(row.getLeased(), row.getHeld());
        }
    }

    /** One node's share. */
    record OfNode(NodeId node, NodeName name, String state, int subnets, PortCounts ports, Leases leases) {
        static OfNode of(UtilisationRepository.NodeRow row) {
            return new OfNode(
                    new NodeId(row.getId()),
                    new NodeName(row.getName()),
                    row.getNodeState(),
                    row.getSubnets(),
                    row.counts(),
                    Leases.of(row));
        }
    }
}
