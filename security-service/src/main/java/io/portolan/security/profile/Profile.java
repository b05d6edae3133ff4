package io.portolan.security.profile;

import io.portolan.model.ClusterId;
import io.portolan.model.ProfileId;
import io.portolan.security.edge.Tag;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A profile as the ledger has it. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@Table(name = "security_profile")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
public class Profile {
    @Id
    private UUID id;

    @Column(name = "cluster_id")
    private UUID clusterId;

    private String name;
    private String description;

    @Column(name = "adopted_group")
    private @Nullable String adoptedGroup;

    @ColumnTransformer(read = "array_to_string(namespaces, ' ')")
    private @Nullable String namespaces;

    @Column(name = "backend_id")
    private @Nullable String backendId;

    @Column(name = "made_revision")
    private @Nullable Long madeRevision;

    private String state;

    @Column(name = "state_reason")
    private @Nullable String stateReason;

    @Column(name = "state_problem")
    private @Nullable String stateProblem;

    @Column(name = "created_at")
    private Instant createdAt;

    private long revision;

    protected Profile() {}

    public ProfileId id() {
        return new ProfileId(id);
    }

    public ClusterId cluster() {
        return new ClusterId(clusterId);
    }

    public String name() {
        return name;
    }

    /** The adopted one's id; null where the profile is made by us. */
    public @Nullable String group() {
        return adoptedGroup;
    }

    /** Null for all. */
    public @Nullable List<String> namespaces() {
        return namespaces == null ? null : List.of(namespaces.split(" "));
    }

    public @Nullable String backendId() {
        return backendId;
    }

    public long revision() {
        return revision;
    }

    public boolean isDeleting() {
        return state.equals("deleting");
    }

    /**
     * Whether ports can be put in it: the network has it, perhaps as it was before its last change, which will be made true
     * wherever it is.
     */
    public boolean isReady() {
        return backendId != null && !isDeleting() && !(adoptedGroup != null && state.equals("failed"));
    }

    boolean isMade() {
        return madeRevision != null && madeRevision == revision && state.equals("ready");
    }

    /** Whether callers may mean it by this. */
    public boolean isCalled(String reference) {
        return reference.equals(name) || reference.equals(id.toString()) || reference.equals(adoptedGroup);
    }

    public boolean admits(String namespace) {
        List<String> only = namespaces();
        return only == null || only.contains(namespace);
    }

    Tag tag() {
        return Tag.of(createdAt, revision);
    }

    boolean isDeclaredAs(String otherDescription, @Nullable List<String> otherNamespaces) {
        return description.equals(otherDescription) && java.util.Objects.equals(namespaces(), otherNamespaces);
    }

    ProfileView view(List<ProfileClaim.RuleClaim> rules) {
        return new ProfileView(
                id(),
                name,
                description,
                adoptedGroup,
                namespaces(),
                rules,
                state,
                stateReason,
                stateProblem,
                createdAt,
                revision);
    }
}
