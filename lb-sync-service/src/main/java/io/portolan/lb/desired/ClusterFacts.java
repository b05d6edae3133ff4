package io.portolan.lb.desired;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.sdn.SdnLoadBalancers.Abilities;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is true of the cluster for all its Services.
 *
 * @param podCidrs where pods' addresses come from
 * @param nodes by name
 * @param nodePortAddresses further addresses with node ports, such as the gateway's: the outside reaches these
 * @param clusterAddressesOutside whether the gateway serves cluster addresses, too
 * @param loadBalancerClass the class that is ours
 * @param unclassed whether Services of type LoadBalancer without a class are ours
 * @param abilities of the cluster's network
 */
public record ClusterFacts(
        List<Cidr> podCidrs,
        Map<String, Node> nodes,
        List<IpAddress> nodePortAddresses,
        boolean clusterAddressesOutside,
        String loadBalancerClass,
        boolean unclassed,
        Abilities abilities) {
    public ClusterFacts {
        podCidrs = List.copyOf(podCidrs);
        nodes = Map.copyOf(nodes);
        nodePortAddresses = List.copyOf(nodePortAddresses);
    }

    /**
     * A node of the cluster.
     *
     * @param id in the ledger; null where the node has not joined
     * @param addresses on which it has node ports
     */
    public record Node(@Nullable NodeId id, List<IpAddress> addresses) {
        public Node {
            addresses = List.copyOf(addresses);
        }
    }

    /** Whether pods have addresses of this family. */
    boolean hasFamily(IpAddress.Family family) {
        return podCidrs.stream().anyMatch(cidr -> cidr.family() == family);
    }

    @Nullable NodeId nodeId(@Nullable String name) {
        Node node = name == null ? null : nodes.get(name);
        return node == null ? null : node.id();
    }
}
