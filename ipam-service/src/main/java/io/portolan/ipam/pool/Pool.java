package io.portolan.ipam.pool;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.io.Serializable;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/** The entity that the repository of pools is declared on; see {@link io.portolan.ipam.port.Port}. */
@Entity
@Immutable
@Table(name = "pool")
@IdClass(Pool.Key.class)
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
class Pool {
    /** A pool's name is its own within its cluster. */
    record Key(UUID clusterId, String name) implements Serializable {}

    @Id
    @Column(name = "cluster_id")
    private UUID clusterId;

    @Id
    private String name;

    protected Pool() {}
}
