package io.portolan.ipam.topology;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;

/** A declared cluster. */
@Entity
@Immutable
@Table(name = "cluster")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
public class Cluster {
    @Id
    private UUID id;

    private String name;

    @Column(name = "pod_cidrs")
    @ColumnTransformer(read = "array_to_string(pod_cidrs, ',')")
    private String podCidrs;

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
}
