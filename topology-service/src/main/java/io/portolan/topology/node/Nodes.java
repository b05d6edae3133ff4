package io.portolan.topology.node;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toMap;

import io.portolan.kit.problem.Invalid;
import io.portolan.kit.problem.Refused;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.Mode;
import io.portolan.model.NodeName;
import io.portolan.model.SubnetId;
import io.portolan.model.SubnetState;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeRegistration.Demand;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.SubnetView;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import io.portolan.topology.cluster.NodeSettings;
import io.portolan.topology.ledger.LedgerTransactions;
import io.portolan.topology.settings.TopologyProperties;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;

/**
 * Registers nodes, shows them, and marks them for removal.
 *
 * <p>A registration is read under a lock on the node's row, so that two agents that register at once get two epochs. One
 * that says nothing new writes {@code last_seen} alone, which wakes nobody.
 */
@Component
final class Nodes {
    static final int MOST = 256;
    private static final int MOST_PORTS = 65_536;

    /** @param made whether it was not there before */
    record Registered(NodeView node, boolean made) {}

    private final LedgerTransactions transactions;
    private final NodeRepository nodes;
    private final Clusters clusters;
    private final Fillings fillings;
    private final Duration lease;

    Nodes(
            LedgerTransactions transactions,
            NodeRepository nodes,
            Clusters clusters,
            Fillings fillings,
            TopologyProperties properties) {
        this.fillings = fillings;
        this.transactions = transactions;
        this.nodes = nodes;
        this.clusters = clusters;
        this.lease = properties.nodeLease();
    }

    Registered register(ClusterName clusterName, NodeName name, NodeRegistration said) {
        Invalid.unlessBetween("cpus", said.cpus(), 1, 4_096);
        Invalid.unlessBetween("memoryMiB", said.memoryMiB(), 128, 64 << 20);
        Invalid.unlessBetween("maxPods", said.maxPods(), 1, 4_000);
        checkDemand(said.demand());
        Map<String, Supplier<Refused>> refusals = Map.of(
                "node_chassis_key", () -> new NodeRefused.ChassisTaken(String.valueOf(said.chassis())),
                "node_parent_port_key", () -> new NodeRefused.ParentPortTaken(String.valueOf(said.parentPort())));
        return transactions.run(
                () -> {
                    Cluster cluster = clusters.named(clusterName);
                    UUID clusterId = cluster.id().value();
                    NodeSettings settings = check(cluster, said);
                    if (nodes.clusterState(clusterId).orElse("deleting").equals("deleting")) {
                        throw new NodeRefused.ClusterDeleting(clusterName);
                    }
                    Optional<UUID> found = nodes.lock(clusterId, name.value());
                    UUID id = found.orElseGet(UUID::randomUUID);
                    if (found.isEmpty()) {
                        nodes.insert(id, clusterId, name.value(), said);
                    } else {
                        registerAgain(nodes.findById(id).orElseThrow(), said);
                    }
                    nodes.seen(id, said.demand(), wanted(settings, said.demand()));
                    Node node = nodes.findById(id).orElseThrow();
                    return new Registered(views(cluster, List.of(node)).getFirst(), found.isEmpty());
                },
                refusals);
    }

    private static void checkDemand(@Nullable Demand demand) {
        if (demand != null) {
            Invalid.unlessBetween("demand.used", demand.used(), 0, MOST_PORTS);
            Invalid.unlessBetween("demand.pending", demand.pending(), 0, MOST_PORTS);
        }
    }

    private static int wanted(NodeSettings settings, @Nullable Demand demand) {
        return demand == null ? 0 : settings.warm().target(demand.used(), demand.pending());
    }

    private NodeSettings check(Cluster cluster, NodeRegistration said) {
        boolean overlay = cluster.mode() == Mode.OVERLAY;
        checkAttachment("chassis", said.chassis(), overlay);
        checkAttachment("parentPort", said.parentPort(), !overlay);
        return clusters.settings(cluster, said.nodeClass())
                .orElseThrow(() -> new NodeRefused.UnknownNodeClass(String.valueOf(said.nodeClass())));
    }

    private static void checkAttachment(String field, @Nullable String value, boolean wanted) {
        if (wanted && (value == null || !value.matches("[\\x21-\\x7e]{1,255}"))) {
            throw new Invalid(field, field + " is required in this cluster's mode and has 1 to 255 visible characters");
        }
        if (!wanted && value != null) {
            throw new Invalid(field, field + " has no meaning in this cluster's mode");
        }
    }

    private void registerAgain(Node node, NodeRegistration said) {
        UUID id = node.id().value();
        if (node.isDraining()) {
            throw new NodeRefused.Draining(node.name());
        }
        if (node.isFenced()) {
            nodes.unfence(id);
        }
        if (node.says(said)) {
            return;
        }
        if (!node.sits(said)) {
            long left = nodes.leaseLeft(id, lease.toMillis());
            if (left > 0) {
                String field = said.chassis() == null ? "parentPort" : "chassis";
                throw new NodeRefused.IdentityConflict(node.name(), field, Duration.ofMillis(left));
            }
        }
        nodes.update(id, said);
    }

    NodePage page(ClusterName clusterName, @Nullable String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        Cluster cluster = clusters.named(clusterName);
        List<Node> rows = nodes.findByClusterIdAndNameGreaterThanOrderByName(
                cluster.id().value(), Objects.requireNonNullElse(cursor, ""), Limit.of(limit + 1));
        List<NodeView> views = views(cluster, rows.stream().limit(limit).toList());
        return new NodePage(views, rows.size() > limit ? views.getLast().name().value() : null);
    }

    NodeView show(ClusterName clusterName, NodeName name) {
        Cluster cluster = clusters.named(clusterName);
        Node node = nodes.findByClusterIdAndName(cluster.id().value(), name.value())
                .orElseThrow(() -> new NodeRefused.Unknown(clusterName, name));
        return views(cluster, List.of(node)).getFirst();
    }

    /** A node that vanished: its agent's epoch is over, and its ports come back when nothing of them is in use. */
    NodeView fence(ClusterName clusterName, NodeName name) {
        return transactions.run(
                () -> {
                    Cluster cluster = clusters.named(clusterName);
                    UUID id = nodes.lock(cluster.id().value(), name.value())
                            .orElseThrow(() -> new NodeRefused.Unknown(clusterName, name));
                    Node node = nodes.findById(id).orElseThrow();
                    if (node.isDraining()) {
                        throw new NodeRefused.Draining(name);
                    }
                    if (!node.isFenced() && nodes.fence(id, lease.toMillis()) == 0) {
                        throw new NodeRefused.Alive(name, Duration.ofMillis(nodes.leaseLeft(id, lease.toMillis())));
                    }
                    return views(cluster, List.of(nodes.findById(id).orElseThrow()))
                            .getFirst();
                },
                Map.of());
    }

    /** What is not there is removed already. */
    void remove(ClusterName clusterName, NodeName name, boolean force) {
        clusters.find(clusterName).ifPresent(cluster -> nodes.drain(cluster.id().value(), name.value(), force));
    }

    private List<NodeView> views(Cluster cluster, List<Node> rows) {
        if (rows.isEmpty()) {
            return List.of();
        }
        List<UUID> ids = rows.stream().map(n -> n.id().value()).toList();
        Map<UUID, Map<String, Long>> ports = nodes.ports(ids).stream()
                .collect(groupingBy(
                        NodeRepository.CountRow::getNode,
                        toMap(NodeRepository.CountRow::getState, NodeRepository.CountRow::getCount)));
        Map<UUID, List<NodeRepository.SubnetRow>> subnets =
                nodes.subnets(ids).stream().collect(groupingBy(NodeRepository.SubnetRow::getNode));
        Map<UUID, NodeView.Filling> filling = fillings.of(ids);
        Map<UUID, List<Supply.OfSubnet>> supplies = nodes.supply(ids, 0).stream()
                .collect(groupingBy(NodeRepository.SupplyRow::getNode, mapping(Supply.OfSubnet::of, toList())));
        Function<@Nullable String, NodeSettings> settings = clusters.settingsOf(cluster);
        return rows.stream()
                .map(n -> new NodeView(
                        n.id(),
                        n.name(),
                        cluster.id(),
                        cluster.name(),
                        n.epoch(),
                        n.state(),
                        n.stateReason(),
                        n.stateProblem(),
                        n.cpus(),
                        n.memoryMiB(),
                        n.maxPods(),
                        n.chassis(),
                        n.parentPort(),
                        n.nodeClass(),
                        n.lastSeen(),
                        settings(cluster, settings.apply(n.nodeClass())),
                        subnets.getOrDefault(n.id().value(), List.of()).stream()
                                .map(Nodes::subnet)
                                .toList(),
                        Clusters.portCounts(ports.getOrDefault(n.id().value(), Map.of())),
                        filling.get(n.id().value()),
                        new Supply(
                                        n.demand(),
                                        n.maxPods(),
                                        settings.apply(n.nodeClass()),
                                        supplies.getOrDefault(n.id().value(), List.of()))
                                .view()))
                .toList();
    }

    private static NodeView.Settings settings(Cluster cluster, NodeSettings of) {
        return new NodeView.Settings(of.warm().batch(), of.warm().headroom(), cluster.cooldownSeconds(), cluster.mtu());
    }

    private static SubnetView subnet(NodeRepository.SubnetRow row) {
        return new SubnetView(
                new SubnetId(row.getId()),
                row.getOrdinal(),
                Cidr.parse(row.getCidr()),
                IpAddress.parse(row.getGateway()),
                MacAddress.parse(row.getGatewayMac()),
                SubnetState.parse(row.getState()));
    }
}
