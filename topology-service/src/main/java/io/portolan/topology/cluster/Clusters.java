package io.portolan.topology.cluster;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.Mode;
import io.portolan.model.api.PortCounts;
import io.portolan.networks.NetworkKind;
import io.portolan.networks.Networks;
import io.portolan.topology.ledger.LedgerTransactions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;

/** Declares clusters, shows them, and marks them for deletion. */
@Component
public final class Clusters {
    static final int MOST = 256;

    /** @param made whether it was not there before */
    record Declared(ClusterView cluster, boolean made) {}

    private final LedgerTransactions transactions;
    private final ClusterRepository clusters;
    private final Networks networks;

    Clusters(LedgerTransactions transactions, ClusterRepository clusters, Networks networks) {
        this.transactions = transactions;
        this.clusters = clusters;
        this.networks = networks;
    }

    Declared declare(ClusterName name, ClusterSpec spec) {
        ClusterRules.check(spec);
        String kind = kind(spec.mode(), spec.backend().endpoints());
        checkSouthbound(spec);
        return transactions.run(
                () -> {
                    Optional<UUID> found = clusters.lock(name.value());
                    UUID id = found.orElseGet(UUID::randomUUID);
                    if (found.isEmpty()) {
                        clusters.insert(id, name.value(), text(spec.podCidrs()), text(spec.serviceCidr()), spec);
                        putClasses(id, spec);
                    } else {
                        change(id, spec, kind);
                    }
                    return new Declared(view(clusters.findById(id).orElseThrow()), found.isEmpty());
                },
                Map.of());
    }

    private String kind(Mode mode, String endpoints) {
        NetworkKind kind = networks.kind(mode, endpoints)
                .orElseThrow(() -> new Invalid(
                        "backend.endpoints",
                        "'%s' is no network of mode %s that this control plane can reach"
                                .formatted(endpoints, mode.name().toLowerCase(Locale.ROOT))));
        try {
            kind.check(endpoints);
        } catch (IllegalArgumentException e) {
            throw new Invalid("backend.endpoints", String.valueOf(e.getMessage()));
        }
        return kind.name();
    }

    private void checkSouthbound(ClusterSpec spec) {
        String southbound = spec.backend().southbound();
        if (southbound != null && spec.mode() == Mode.UNDERLAY) {
            throw new Invalid("backend.southbound", "a cloud's own OVN is not asked: leave it out in underlay mode");
        }
        if (southbound != null) {
            try {
                networks.kind(spec.mode(), spec.backend().endpoints()).ifPresent(kind -> kind.check(southbound));
            } catch (IllegalArgumentException e) {
                throw new Invalid("backend.southbound", String.valueOf(e.getMessage()));
            }
        }
    }

    private void change(UUID id, ClusterSpec spec, String kind) {
        Cluster before = clusters.findById(id).orElseThrow();
        if (before.isDeleting()) {
            throw new ClusterRefused.Deleting(before.name());
        }
        String kindBefore = kind(before.mode(), before.target().endpoints());
        ClusterRules.checkChange(before, kindBefore, spec, kind);
        UnderlayRules.checkChange(before, spec, !clusters.nodes(id).isEmpty());
        if (!before.spec(classesOf(before.id())).equals(spec)) {
            clusters.update(id, text(spec.podCidrs()), spec);
            clusters.deleteClasses(id);
            putClasses(id, spec);
        }
    }

    private void putClasses(UUID id, ClusterSpec spec) {
        spec.nodeClasses().forEach((name, of) -> clusters.insertClass(id, name, of));
    }

    private static String text(List<Cidr> cidrs) {
        return cidrs.stream().map(Cidr::toString).collect(joining(","));
    }

    private static String text(@Nullable Cidr cidr) {
        return cidr == null ? "" : cidr.toString();
    }

    ClusterPage page(@Nullable String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        List<Cluster> rows =
                clusters.findByNameGreaterThanOrderByName(Objects.requireNonNullElse(cursor, ""), Limit.of(limit + 1));
        List<ClusterView> views = rows.stream().limit(limit).map(this::view).toList();
        return new ClusterPage(
                views, rows.size() > limit ? views.getLast().name().value() : null);
    }

    ClusterView show(ClusterName name) {
        return view(named(name));
    }

    /** The cluster of that name, or a refusal. */
    public Cluster named(ClusterName name) {
        return find(name).orElseThrow(() -> new ClusterRefused.Unknown(name));
    }

    public Optional<Cluster> find(ClusterName name) {
        return clusters.findByName(name.value());
    }

    public Optional<Cluster> find(ClusterId id) {
        return clusters.findById(id.value());
    }

    public List<Cluster> all() {
        return clusters.findAll();
    }

    /** How nodes of this class are sized and supplied; empty where the cluster has no such class. */
    public Optional<NodeSettings> settings(Cluster cluster, @Nullable String nodeClass) {
        return nodeClass == null
                ? Optional.of(cluster.nodeSettings())
                : Optional.ofNullable(classesOf(cluster.id()).get(nodeClass)).map(cluster::nodeSettings);
    }

    /** The same by class; of nodes whose class is gone, and of those without one, the cluster's. */
    public Function<@Nullable String, NodeSettings> settingsOf(Cluster cluster) {
        Map<String, NodeClass> classes = classesOf(cluster.id());
        return name -> {
            NodeClass of = name == null ? null : classes.get(name);
            return of == null ? cluster.nodeSettings() : cluster.nodeSettings(of);
        };
    }

    private Map<String, NodeClass> classesOf(ClusterId id) {
        return clusters.classes(id.value()).stream()
                .collect(toMap(
                        ClusterRepository.ClassRow::getName,
                        c -> new NodeClass(
                                c.getPodsPerCpu(),
                                c.getPodsPerGib(),
                                c.getMinPods(),
                                c.getMaxPods(),
                                c.getLeaseBatch(),
                                c.getWarmHeadroom(),
                                c.getFurtherPods(),
                                c.getSubnetIdleSeconds())));
    }

    /** What is not there, or is being deleted, is left at that; force may still come later. */
    void delete(ClusterName name, boolean force) {
        transactions.run(
                () -> {
                    clusters.lock(name.value()).ifPresent(id -> {
                        clusters.markDeleting(id);
                        clusters.drainNodes(id, force);
                    });
                    return true;
                },
                Map.of());
    }

    private ClusterView view(Cluster cluster) {
        UUID id = cluster.id().value();
        Map<String, Long> nodes = counts(clusters.nodes(id));
        return new ClusterView(
                cluster.id(),
                cluster.name(),
                cluster.state(),
                cluster.stateReason(),
                cluster.stateProblem(),
                cluster.routerId(),
                cluster.nesting().map(ClusterSpec.Nesting::of).orElse(null),
                cluster.spec(classesOf(cluster.id())),
                new ClusterView.NodeCounts(
                        nodes.getOrDefault("joining", 0L),
                        nodes.getOrDefault("ready", 0L),
                        nodes.getOrDefault("draining", 0L),
                        nodes.getOrDefault("failed", 0L)),
                ports(cluster.id()),
                cluster.createdAt(),
                cluster.revision());
    }

    public PortCounts ports(ClusterId cluster) {
        return portCounts(counts(clusters.ports(cluster.value())));
    }

    private static Map<String, Long> counts(List<ClusterRepository.CountRow> rows) {
        return rows.stream().collect(toMap(ClusterRepository.CountRow::getState, ClusterRepository.CountRow::getCount));
    }

    /** By the names that the ledger has for the states. */
    public static PortCounts portCounts(Map<String, Long> states) {
        return new PortCounts(
                states.getOrDefault("planned", 0L),
                states.getOrDefault("provisioning", 0L),
                states.getOrDefault("free", 0L),
                states.getOrDefault("leased", 0L),
                states.getOrDefault("bound", 0L),
                states.getOrDefault("cooling", 0L),
                states.getOrDefault("draining", 0L),
                states.getOrDefault("failed", 0L));
    }
}
