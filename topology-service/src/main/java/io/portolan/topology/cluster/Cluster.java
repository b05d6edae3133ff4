package io.portolan.topology.cluster;

import static java.util.Objects.requireNonNullElse;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.Mode;
import io.portolan.model.SubnetSizing;
import io.portolan.model.WarmTarget;
import io.portolan.networks.NetworkTarget;
import io.portolan.sdn.PortSpec.Nesting.Way;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A declared cluster as the ledger has it. Written by the repository's statements, never through the entity. */
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

    @Column(name = "service_cidr")
    @ColumnTransformer(read = "service_cidr::text")
    private @Nullable String serviceCidr;

    private String backend;

    @Column(name = "secret_ref")
    private @Nullable String secretRef;

    private @Nullable String southbound;

    @Column(name = "router_adopted")
    private @Nullable String routerAdopted;

    @Column(name = "router_id")
    private @Nullable String routerId;

    @Column(name = "external_network")
    private @Nullable String externalNetwork;

    private @Nullable String network;

    @Column(name = "nesting_wanted")
    private @Nullable String nestingWanted;

    private @Nullable String nesting;

    private int mtu;

    @Column(name = "lease_batch")
    private int leaseBatch;

    @Column(name = "warm_headroom")
    private int warmHeadroom;

    @Column(name = "cooldown_seconds")
    private int cooldownSeconds;

    @Column(name = "further_pods")
    private int furtherPods;

    @Column(name = "subnet_idle_seconds")
    private int subnetIdleSeconds;

    @Column(name = "pods_per_cpu")
    private int podsPerCpu;

    @Column(name = "pods_per_gib")
    private int podsPerGib;

    @Column(name = "min_pods")
    private int minPods;

    @Column(name = "max_pods")
    private int maxPods;

    private String state;

    @Column(name = "state_reason")
    private @Nullable String stateReason;

    @Column(name = "state_problem")
    private @Nullable String stateProblem;

    @Column(name = "created_at")
    private Instant createdAt;

    private long revision;

    protected Cluster() {}

    public ClusterId id() {
        return new ClusterId(id);
    }

    public ClusterName name() {
        return new ClusterName(name);
    }

    public Mode mode() {
        return Mode.valueOf(mode.toUpperCase(Locale.ROOT));
    }

    public List<Cidr> podCidrs() {
        return Arrays.stream(podCidrs.split(",")).map(Cidr::parse).toList();
    }

    public @Nullable Cidr serviceCidr() {
        return serviceCidr == null ? null : Cidr.parse(serviceCidr);
    }

    public NetworkTarget target() {
        return new NetworkTarget(id(), name(), mode(), backend, secretRef, southbound);
    }

    /** The router that the operator gave us; null where we make one. */
    @Nullable String adoptedRouter() {
        return routerAdopted;
    }

    /** The router in the network; null until it was made or adopted. */
    public @Nullable String routerId() {
        return routerId;
    }

    @Nullable String externalNetwork() {
        return externalNetwork;
    }

    /** A network of the cloud on which the nodes' subnets are made; null where each node has its own. */
    public @Nullable String network() {
        return network;
    }

    ClusterSpec.@Nullable Nesting nestingWanted() {
        return nestingWanted == null ? null : ClusterSpec.Nesting.parse(nestingWanted);
    }

    /** How its ports are taken into VMs; absent in overlay mode and until the cluster was put up first. */
    public Optional<Way> nesting() {
        return nesting == null
                ? Optional.empty()
                : ClusterSpec.Nesting.parse(nesting).way();
    }

    public int mtu() {
        return mtu;
    }

    public int cooldownSeconds() {
        return cooldownSeconds;
    }

    NodeSettings nodeSettings() {
        return new NodeSettings(
                sizing(), new WarmTarget(leaseBatch, warmHeadroom), furtherPods, Duration.ofSeconds(subnetIdleSeconds));
    }

    NodeSettings nodeSettings(NodeClass of) {
        return new NodeSettings(
                of.sizing(),
                new WarmTarget(
                        requireNonNullElse(of.leaseBatch(), leaseBatch),
                        requireNonNullElse(of.warmHeadroom(), warmHeadroom)),
                requireNonNullElse(of.furtherPods(), furtherPods),
                Duration.ofSeconds(requireNonNullElse(of.subnetIdleSeconds(), subnetIdleSeconds)));
    }

    SubnetSizing sizing() {
        return new SubnetSizing(podsPerCpu, podsPerGib, minPods, maxPods);
    }

    public String state() {
        return state;
    }

    public boolean isDeleting() {
        return state.equals("deleting");
    }

    public @Nullable String stateReason() {
        return stateReason;
    }

    public @Nullable String stateProblem() {
        return stateProblem;
    }

    Instant createdAt() {
        return createdAt;
    }

    long revision() {
        return revision;
    }

    ClusterSpec spec(java.util.Map<String, NodeClass> nodeClasses) {
        return new ClusterSpec(
                mode(),
                podCidrs(),
                serviceCidr(),
                routerAdopted,
                externalNetwork,
                network,
                nestingWanted(),
                new ClusterSpec.Network(backend, secretRef, southbound),
                mtu,
                leaseBatch,
                warmHeadroom,
                cooldownSeconds,
                furtherPods,
                subnetIdleSeconds,
                sizing(),
                nodeClasses);
    }
}
