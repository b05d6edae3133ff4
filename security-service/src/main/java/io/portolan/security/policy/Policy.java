package io.portolan.security.policy;

import io.portolan.model.ProfileId;
import io.portolan.model.api.LabelSelector;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A NetworkPolicy as the ledger has it. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@Table(name = "network_policy")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
public class Policy {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Id
    private UUID id;

    @Column(name = "cluster_id")
    private UUID clusterId;

    private String namespace;
    private String name;

    @Column(name = "pod_selector")
    @ColumnTransformer(read = "cast(pod_selector as text)")
    private String podSelector;

    @Column(name = "backend_id")
    private @Nullable String backendId;

    private String state;

    protected Policy() {}

    /** Bindings name it so. */
    public ProfileId id() {
        return new ProfileId(id);
    }

    public String namespace() {
        return namespace;
    }

    public String name() {
        return name;
    }

    public LabelSelector podSelector() {
        return JSON.readValue(podSelector, LabelSelector.class);
    }

    static String text(LabelSelector selector) {
        return JSON.writeValueAsString(selector);
    }

    public @Nullable String backendId() {
        return backendId;
    }

    /** Whether ports can be put in it, while it is deleted too: nodes hear of that a little later. */
    public boolean isReady() {
        return backendId != null;
    }

    public boolean isDeleting() {
        return state.equals("deleting");
    }

    UUID cluster() {
        return clusterId;
    }
}
