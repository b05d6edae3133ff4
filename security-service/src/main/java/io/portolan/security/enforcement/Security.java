package io.portolan.security.enforcement;

import io.portolan.model.ClusterName;
import io.portolan.model.ProfileId;
import io.portolan.security.edge.Tag;
import io.portolan.security.policy.PolicyStand;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A declared cluster as the ledger has it. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@Table(name = "security")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
public class Security {
    @Id
    @Column(name = "cluster_id")
    private UUID clusterId;

    @Column(name = "default_profiles")
    @ColumnTransformer(read = "array_to_string(default_profiles, ' ')")
    private String defaultProfiles;

    private boolean policies;

    @Column(name = "policies_secret")
    private @Nullable String policiesSecret;

    private String state;

    @Column(name = "state_reason")
    private @Nullable String stateReason;

    @Column(name = "state_problem")
    private @Nullable String stateProblem;

    @Column(name = "created_at")
    private Instant createdAt;

    private long revision;

    protected Security() {}

    UUID cluster() {
        return clusterId;
    }

    public List<ProfileId> defaultProfiles() {
        return defaultProfiles.isEmpty()
                ? List.of()
                : Arrays.stream(defaultProfiles.split(" "))
                        .map(ProfileId::parse)
                        .toList();
    }

    /** Null where they do not count. */
    SecurityClaim.@Nullable NetworkPolicies networkPolicies() {
        return policies ? new SecurityClaim.NetworkPolicies(new SecurityClaim.Kubernetes(policiesSecret)) : null;
    }

    public boolean isDeleting() {
        return state.equals("deleting");
    }

    Tag tag() {
        return Tag.of(createdAt, revision);
    }

    SecurityView view(ClusterName cluster, PolicyStand stand) {
        return new SecurityView(
                cluster,
                defaultProfiles(),
                networkPolicies(),
                policies ? stand : null,
                state,
                stateReason,
                stateProblem,
                createdAt,
                revision);
    }
}
