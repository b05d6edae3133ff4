package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Network;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Where a node's ports are: on a network of its own, or in subnets of its own on a network of somebody's.
 *
 * @param own networks with the node's mark, the oldest first; more than one where two writers met
 * @param subnets with the node's mark
 */
record NodeNetwork(NeutronApi api, Mark mark, NodeId node, List<Network> own, List<Subnet> subnets) {
    static NodeNetwork look(NeutronApi api, Mark mark, NodeId node) {
        List<Network> own = own(api, mark, node);
        List<Subnet> subnets = own.isEmpty()
                ? api.list(Kind.SUBNET, Query.by("project_id", api.project()))
                : api.list(
                        Kind.SUBNET, "network_id", own.stream().map(Network::id).toList());
        return new NodeNetwork(api, mark, node, own, ours(mark, node, subnets));
    }

    static List<Network> own(NeutronApi api, Mark mark, NodeId node) {
        return api.ours(Kind.NETWORK, "description", List.of(mark.network(node))).stream()
                .sorted(Comparator.comparing((Network network) -> String.valueOf(network.createdAt()))
                        .thenComparing(Network::id))
                .toList();
    }

    static List<Subnet> ours(Mark mark, NodeId node, List<Subnet> subnets) {
        return subnets.stream()
                .filter(subnet -> mark.read(subnet, Mark.Kind.SUBNET, node).isPresent())
                .toList();
    }

    boolean exists() {
        return !own.isEmpty() || !subnets.isEmpty();
    }

    Optional<Subnet> subnet(Object id) {
        return subnets.stream()
                .filter(subnet -> mark.read(subnet)
                        .filter(key -> key.id().toString().equals(id.toString()))
                        .isPresent())
                .findFirst();
    }

    /** All ports there, whosever they are. */
    List<Port> ports() {
        return own.isEmpty()
                ? portsIn(subnets.stream().map(Subnet::id).toList())
                : api.list(
                        Kind.PORT, "network_id", own.stream().map(Network::id).toList());
    }

    private List<Port> portsIn(List<String> ids) {
        return api.list(
                Kind.PORT,
                "fixed_ips",
                ids.stream().map(id -> "subnet_id=" + id).toList());
    }
}
