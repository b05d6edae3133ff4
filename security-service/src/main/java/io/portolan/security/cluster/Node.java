package io.portolan.security.cluster;

import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A registered node. */
@Entity
@Immutable
@Table(name = "node")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
public class Node {
    @Id
    private UUID id;

    @Column(name = "cluster_id")
    private UUID clusterId;

    @Column(name = "node_class")
    private @Nullable String nodeClass;

    private long epoch;

    protected Node() {}

    public NodeId id() {
        return new NodeId(id);
    }

    public ClusterId cluster() {
        return new ClusterId(clusterId);
    }

    public @Nullable String nodeClass() {
        return nodeClass;
    }

    public long epoch() {
        return epoch;
    }
}
