package io.portolan.topology.floating;

import io.portolan.model.ClusterId;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Formula;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A floating address as the ledger has it. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@Table(name = "floating_ip")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
class FloatingIp {
    @Id
    private UUID id;

    @Column(name = "cluster_id")
    private UUID clusterId;

    private String name;

    @ColumnTransformer(read = "host(ip)")
    private @Nullable String ip;

    @Column(name = "pod_namespace")
    private @Nullable String podNamespace;

    @Column(name = "pod_name")
    private @Nullable String podName;

    @Column(name = "port_id")
    private @Nullable UUID portId;

    private @Nullable String sandbox;

    @Formula("(select host(p.ip) from port p where p.id = port_id)")
    private @Nullable String portIp;

    private String state;

    @Column(name = "state_reason")
    private @Nullable String stateReason;

    @Column(name = "state_problem")
    private @Nullable String stateProblem;

    @Column(name = "created_at")
    private Instant createdAt;

    private long revision;

    protected FloatingIp() {}

    FloatingIpId id() {
        return new FloatingIpId(id);
    }

    ClusterId cluster() {
        return new ClusterId(clusterId);
    }

    String name() {
        return name;
    }

    @Nullable IpAddress address() {
        return ip == null ? null : IpAddress.parse(ip);
    }

    FloatingIpClaim.@Nullable Pod pod() {
        return podNamespace == null || podName == null ? null : new FloatingIpClaim.Pod(podNamespace, podName);
    }

    /** The port that the network may lead it to. */
    @Nullable UUID port() {
        return portId;
    }

    @Nullable String sandbox() {
        return sandbox;
    }

    boolean isDeleting() {
        return state.equals("deleting");
    }

    FloatingIpView view() {
        return new FloatingIpView(
                id(),
                name,
                address(),
                pod(),
                portIp == null ? null : IpAddress.parse(portIp),
                state,
                stateReason,
                stateProblem,
                createdAt,
                revision);
    }
}
