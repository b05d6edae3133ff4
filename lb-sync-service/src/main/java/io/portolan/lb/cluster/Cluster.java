package io.portolan.lb.cluster;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.Mode;
import io.portolan.networks.NetworkTarget;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A cluster as topology-service keeps it. */
@Entity
@Immutable
@Table(name = "cluster")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
public class Cluster {
    @Id
    private UUID id;

    private String name;
    private String mode;

    @Column(name = "pod_cidrs")
    @ColumnTransformer(read = "array_to_string(pod_cidrs, ',')")
    private String podCidrs;

    private String backend;

    @Column(name = "secret_ref")
    private @Nullable String secretRef;

    @Column(name = "router_id")
    private @Nullable String routerId;

    private String state;

    protected Cluster() {}

    public ClusterId id() {
        return new ClusterId(id);
    }

    public ClusterName name() {
        return new ClusterName(name);
    }

    public List<Cidr> podCidrs() {
        return Arrays.stream(podCidrs.split(",")).map(Cidr::parse).toList();
    }

    public @Nullable String routerId() {
        return routerId;
    }

    public boolean isDeleting() {
        return state.equals("deleting");
    }

    public NetworkTarget target() {
        return new NetworkTarget(id(), name(), Mode.valueOf(mode.toUpperCase(Locale.ROOT)), backend, secretRef);
    }
}
