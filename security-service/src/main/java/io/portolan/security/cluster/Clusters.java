package io.portolan.security.cluster;

import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Finds clusters and nodes, or says that there are none. */
@Component
public final class Clusters {
    private final ClusterRepository clusters;
    private final NodeRepository nodes;

    Clusters(ClusterRepository clusters, NodeRepository nodes) {
        this.clusters = clusters;
        this.nodes = nodes;
    }

    public Optional<Cluster> find(ClusterId id) {
        return clusters.findById(id.value());
    }

    public Optional<Cluster> find(ClusterName name) {
        return clusters.findByName(name.value());
    }

    public Cluster named(ClusterName name) {
        return find(name).orElseThrow(() -> new ClusterRefused.UnknownCluster(name));
    }

    /** One whose things may change. */
    public Cluster lasting(ClusterName name) {
        Cluster cluster = named(name);
        if (cluster.isDeleting()) {
            throw new ClusterRefused.Deleting(name);
        }
        return cluster;
    }

    /**
     * For a transaction that changes what others rely on: no profile goes while somebody comes to name it. This service may
     * not lock a cluster's row, which is topology-service's.
     */
    public void lockAlone(ClusterId cluster) {
        clusters.alone(cluster.toString());
    }

    /** For a transaction that relies on profiles that are there. */
    public void lockAmong(ClusterId cluster) {
        clusters.among(cluster.toString());
    }

    public boolean hasClass(ClusterId cluster, String name) {
        return clusters.hasClass(cluster.value(), name);
    }

    public Optional<Node> find(NodeId id) {
        return nodes.findById(id.value());
    }

    public Node node(NodeId id) {
        return find(id).orElseThrow(() -> new ClusterRefused.UnknownNode(id));
    }

    /** The node, where the epoch is that of its last registration. */
    public Node fenced(NodeId id, long epoch) {
        Node node = node(id);
        if (node.epoch() != epoch) {
            throw new ClusterRefused.StaleEpoch(id, epoch, node.epoch());
        }
        return node;
    }
}
