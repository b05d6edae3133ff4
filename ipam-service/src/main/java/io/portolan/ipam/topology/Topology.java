package io.portolan.ipam.topology;

import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Finds clusters and nodes, or says that there are none. */
@Component
public final class Topology {
    private final ClusterRepository clusters;
    private final NodeRepository nodes;

    Topology(ClusterRepository clusters, NodeRepository nodes) {
        this.clusters = clusters;
        this.nodes = nodes;
    }

    public Optional<Cluster> find(ClusterName name) {
        return clusters.findByName(name.value());
    }

    public Cluster cluster(ClusterName name) {
        return find(name).orElseThrow(() -> new TopologyRefused.UnknownCluster(name));
    }

    public Optional<Node> find(NodeId id) {
        return nodes.findById(id.value());
    }

    public Node node(NodeId id) {
        return find(id).orElseThrow(() -> new TopologyRefused.UnknownNode(id));
    }

    /** The node, where the epoch is that of its last registration. */
    public Node fenced(NodeId id, long epoch) {
        Node node = node(id);
        if (node.epoch() != epoch) {
            throw new TopologyRefused.StaleEpoch(id, epoch, node.epoch());
        }
        return node;
    }
}
