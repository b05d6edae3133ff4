package io.portolan.security.pool;

import io.portolan.model.ProfileId;
import io.portolan.security.edge.Tag;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.io.Serializable;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A pool as the ledger has it. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@IdClass(Pool.Key.class)
@Table(name = "profile_pool")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
public class Pool {
    /** Which pool. */
    record Key(UUID clusterId, String name) implements Serializable {}

    @Id
    @Column(name = "cluster_id")
    private UUID clusterId;

    @Id
    private String name;

    @ColumnTransformer(read = "array_to_string(profiles, ' ')")
    private String profiles;

    private int size;

    @Column(name = "node_class")
    private @Nullable String nodeClass;

    @Column(name = "created_at")
    private Instant createdAt;

    private long revision;

    protected Pool() {}

    public List<ProfileId> profiles() {
        return Arrays.stream(profiles.split(" ")).map(ProfileId::parse).toList();
    }

    public int size() {
        return size;
    }

    public boolean isFor(@Nullable String classOfNode) {
        return nodeClass == null || nodeClass.equals(classOfNode);
    }

    boolean isDeclaredAs(List<ProfileId> otherProfiles, int otherSize, @Nullable String otherClass) {
        return profiles().equals(otherProfiles) && size == otherSize && Objects.equals(nodeClass, otherClass);
    }

    Tag tag() {
        return Tag.of(createdAt, revision);
    }

    PoolView view() {
        return new PoolView(name, profiles(), size, nodeClass, createdAt, revision);
    }
}
