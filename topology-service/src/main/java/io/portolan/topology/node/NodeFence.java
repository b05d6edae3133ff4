package io.portolan.topology.node;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.model.NodeId;
import io.portolan.model.api.PortView;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnBindings.Binding;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.settings.TopologyProperties;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Waits until a node that vanished can be taken down: its agent silent for a lease, and none of its ports bound in the network,
 * at two looks. Its agent's silence alone says nothing: pods run on without it, and it may start new ones.
 *
 * <p>A reading that fails is no answer. A network that cannot be asked leaves the node fenced for as long as that is so.
 */
@Component
final class NodeFence {
    private static final Duration BOUND = Duration.ofSeconds(15);
    private static final Duration CANNOT_BE_KNOWN = Duration.ofMinutes(5);

    private final NodeRepository nodes;
    private final Networks networks;
    private final IpamClient ipam;
    private final TwoLooks looks;
    private final Duration lease;

    NodeFence(
            NodeRepository nodes, Networks networks, IpamClient ipam, TwoLooks orphans, TopologyProperties properties) {
        this.nodes = nodes;
        this.networks = networks;
        this.ipam = ipam;
        this.looks = orphans;
        this.lease = properties.nodeLease();
    }

    Outcome look(Node node, Cluster cluster) {
        NodeId id = node.id();
        long left = nodes.leaseLeft(id.value(), lease.toMillis());
        if (left > 0) {
            return waits(node, "waits until its agent has been silent for %s".formatted(lease), null, left);
        }
        Map<String, Binding> bindings;
        try {
            bindings = networks.of(cluster.target()).bindings().all();
        } catch (Refused e) {
            if (e.reason() != Reason.NOT_SUPPORTED) {
                throw e;
            }
            return waits(
                    node,
                    "cannot know whether its ports are in use: %s; delete it with force=true when its machine is off"
                            .formatted(e.getMessage()),
                    "bindings-unknown",
                    CANNOT_BE_KNOWN.toMillis());
        }
        List<PortView> bound = ipam.ports(id).stream()
                .filter(port -> bindings.containsKey(String.valueOf(port.backendId())))
                .toList();
        if (!bound.isEmpty()) {
            String chassis = Objects.requireNonNull(
                            bindings.get(String.valueOf(bound.getFirst().backendId())))
                    .chassis();
            return waits(
                    node,
                    "waits for %d ports that are bound in the network still%s; when its machine is off, take it out there"
                            .formatted(bound.size(), chassis == null ? "" : ", at chassis " + chassis),
                    "ports-bound",
                    BOUND.toMillis());
        }
        if (looks.again(place(id), List.of(id)).isEmpty()) {
            return Outcome.again(looks.apart());
        }
        looks.forget(place(id));
        nodes.giveUp(id.value(), lease.toMillis());
        return Outcome.DONE;
    }

    private Outcome waits(Node node, String why, @Nullable String problem, long millis) {
        looks.forget(place(node.id()));
        nodes.because(node.id().value(), why, problem);
        return Outcome.again(Duration.ofMillis(millis));
    }

    private static String place(NodeId node) {
        return "fence of " + node;
    }
}
