package io.portolan.agent.cache;

import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.api.NodeView;
import java.util.Optional;
import java.util.UUID;

/**
 * What this node knows of itself.
 *
 * @param registration the last answer to a registration; empty before the first
 * @param fenced why this node's name is another machine's now: no pod gets a port before a registration succeeds
 * @param claim one that was sent, or was about to be, and whose answer is not in the cache
 */
public record NodeRecord(
        ClusterName cluster,
        NodeName node,
        Optional<Registration> registration,
        Optional<String> fenced,
        Optional<PendingClaim> claim) {
    static final String DRAINING = "draining";

    /** @param epoch of the last registration; what claims and reports bear */
    public record Registration(NodeId id, ClusterId cluster, long epoch, String state, NodeView.Settings settings) {
        static Registration of(NodeView view) {
            NodeView.Settings given = view.settings();
            return new Registration(
                    view.id(),
                    view.clusterId(),
                    view.epoch(),
                    view.state(),
                    new NodeView.Settings(
                            Math.clamp(given.leaseBatch(), 1, 256),
                            Math.max(0, given.warmHeadroom()),
                            Math.max(0, given.cooldownSeconds()),
                            Math.clamp(given.mtu(), 68, 65535)));
        }

        public boolean draining() {
            return state.equals(DRAINING);
        }

        Registration drained() {
            return new Registration(id, cluster, epoch, DRAINING, settings);
        }
    }

    public record PendingClaim(UUID id, int count) {}

    static NodeRecord unregistered(ClusterName cluster, NodeName node) {
        return new NodeRecord(cluster, node, Optional.empty(), Optional.empty(), Optional.empty());
    }

    NodeRecord registered(Registration next) {
        return new NodeRecord(cluster, node, Optional.of(next), Optional.empty(), claim);
    }

    NodeRecord fencedBy(String why) {
        return new NodeRecord(cluster, node, registration, Optional.of(why), claim);
    }

    NodeRecord claiming(Optional<PendingClaim> next) {
        return new NodeRecord(cluster, node, registration, fenced, next);
    }
}
