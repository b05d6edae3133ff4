package io.portolan.ipam.topology;

import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
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

    private String name;

    @Column(name = "parent_port")
    private @Nullable String parentPort;

    private long epoch;
    private String state;

    protected Node() {}

    public NodeId id() {
        return new NodeId(id);
    }

    public ClusterId cluster() {
        return new ClusterId(clusterId);
    }

    public NodeName name() {
        return new NodeName(name);
    }

    /** The VM's port that the node's ports are nested in; null in overlay mode. */
    public @Nullable String parentPort() {
        return parentPort;
    }

    public long epoch() {
        return epoch;
    }

    public String state() {
        return state;
    }

    public boolean isReady() {
        return state.equals("ready");
    }

    public boolean isDraining() {
        return state.equals("draining");
    }
}
