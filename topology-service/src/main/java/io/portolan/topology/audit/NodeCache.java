package io.portolan.topology.audit;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/** What a node last said that its cache holds. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@Table(name = "node_cache")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
class NodeCache {
    @Id
    @Column(name = "node_id")
    private UUID node;

    private long epoch;
    private String digest;

    @Column(name = "seen_at")
    private Instant seenAt;

    @Column(name = "compare_wanted")
    private boolean compareWanted;

    protected NodeCache() {}

    long epoch() {
        return epoch;
    }

    String digest() {
        return digest;
    }

    boolean compareWanted() {
        return compareWanted;
    }
}
