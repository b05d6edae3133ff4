package io.portolan.topology.node;

import static java.util.stream.Collectors.joining;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.api.SubnetView;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SwitchSpec;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.ipam.IpamRefused;
import io.portolan.topology.ipam.IpamUnavailable;
import io.portolan.topology.network.Bulks;
import io.portolan.topology.network.CreationBudget;
import io.portolan.topology.trouble.Trouble;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Gives a node its switch, its subnets and its ports, and takes them away again. */
@Component
final class NodeReconciler implements Reconciler<NodeId> {
    private static final Logger log = LoggerFactory.getLogger(NodeReconciler.class);
    private static final Duration REFUSED = Duration.ofSeconds(30);
    /** The node's VM is not one that ports can be nested in. */
    private static final Set<Reason> PARENTS = Set.of(Reason.PARENT_PORT_UNKNOWN, Reason.PARENT_PORT_FOREIGN);

    private static final Duration CLUSTER_PENDING = Duration.ofSeconds(1);

    private final NodeRepository nodes;
    private final Clusters clusters;
    private final Networks networks;
    private final IpamClient ipam;
    private final NodePorts ports;
    private final NodeSubnets subnets;
    private final NodeTeardown teardown;
    private final NodeFence fence;
    private final TwoLooks orphans;
    private final CreationBudget budget;
    private final Fillings fillings;
    private volatile Map<NodeId, ClusterId> switchesSeen = Map.of();

    NodeReconciler(
            NodeRepository nodes,
            Clusters clusters,
            Networks networks,
            IpamClient ipam,
            NodePorts ports,
            NodeSubnets subnets,
            NodeTeardown teardown,
            NodeFence fence,
            TwoLooks orphans,
            CreationBudget budget,
            Fillings fillings) {
        this.budget = budget;
        this.fillings = fillings;
        this.nodes = nodes;
        this.clusters = clusters;
        this.networks = networks;
        this.ipam = ipam;
        this.ports = ports;
        this.subnets = subnets;
        this.teardown = teardown;
        this.fence = fence;
        this.orphans = orphans;
    }

    /** Nodes of the ledger, and switches that bear a cluster's mark. A network that does not answer hides only its own. */
    @Override
    public Set<NodeId> keys() {
        Map<NodeId, ClusterId> seen = new HashMap<>();
        for (Cluster cluster : clusters.all()) {
            if (cluster.routerId() != null && !cluster.isDeleting()) {
                try {
                    networks.of(cluster.target())
                            .topology()
                            .ownSwitches()
                            .forEach(node -> seen.put(node, cluster.id()));
                } catch (SdnFailure e) {
                    log.info("Switches of cluster {} are not known: {}", cluster.name(), e.getMessage());
                }
            }
        }
        switchesSeen = Map.copyOf(seen);
        Set<NodeId> keys = new HashSet<>(seen.keySet());
        nodes.ids().forEach(id -> keys.add(new NodeId(id)));
        return keys;
    }

    @Override
    public Outcome reconcile(NodeId key) {
        Optional<Node> node = nodes.findById(key.value());
        if (node.isEmpty()) {
            ports.forget(key);
            return sweep(key);
        }
        Cluster cluster = clusters.find(node.get().cluster()).orElseThrow();
        try {
            if (node.get().isFenced()) {
                return fence.look(node.get(), cluster);
            }
            return node.get().isDraining() ? teardown.takeDown(node.get(), cluster) : putUp(node.get(), cluster);
        } catch (SdnFailure.Refused e) {
            return refused(node.get(), Trouble.of(e), PARENTS.contains(e.reason()));
        } catch (IpamRefused e) {
            return refused(node.get(), Trouble.of(e), false);
        } catch (SdnFailure.Unavailable e) {
            unavailable(node.get(), Trouble.of(e));
            return e.retryAfter().map(Outcome::again).orElseThrow(() -> e);
        } catch (IpamUnavailable e) {
            unavailable(node.get(), Trouble.of(e));
            throw e;
        }
    }

    private void unavailable(Node node, Trouble trouble) {
        if (!node.state().equals("ready")) {
            nodes.because(node.id().value(), trouble.reason(), trouble.problem());
        }
    }

    /** @param fatal whether even the ports that a ready node has are of no use */
    private Outcome refused(Node node, Trouble trouble, boolean fatal) {
        if (node.isDraining() || node.isFenced()) {
            nodes.because(node.id().value(), trouble.reason(), trouble.problem());
        } else {
            String state = node.state().equals("ready") && !fatal ? "ready" : "failed";
            nodes.stand(node.id().value(), state, trouble.reason(), trouble.problem());
        }
        return Outcome.again(REFUSED);
    }

    private Outcome putUp(Node node, Cluster cluster) {
        String router = cluster.routerId();
        if (router == null) {
            String why = Objects.requireNonNullElse(cluster.stateReason(), "it has no router yet");
            nodes.because(
                    node.id().value(),
                    "waits for its cluster, which is %s: %s".formatted(cluster.state(), why),
                    cluster.stateProblem());
            return Outcome.again(CLUSTER_PENDING);
        }
        Optional<String> cloud = networks.cloud(cluster.target());
        if (!nodes.hasPortsToMake(node.id().value())) {
            return putUp(node, cluster, router, cloud, Optional.empty());
        }
        Optional<CreationBudget.Slot> turn = budget.trySlot(cluster.id(), cloud, node.id());
        if (turn.isEmpty()) {
            return Outcome.again(budget.apart());
        }
        CreationBudget.Slot held = turn.get();
        try (held) {
            return putUp(node, cluster, router, cloud, turn);
        }
    }

    private Outcome putUp(
            Node node, Cluster cluster, String router, Optional<String> cloud, Optional<CreationBudget.Slot> turn) {
        SdnBackend network = networks.of(cluster.target());
        String vm = node.parentPort();
        if (vm != null && nodes.nestedElsewhere(node.id().value(), vm)) {
            List<PortId> moved = ipam.nest(node.id());
            log.info(
                    "Node {} has another VM, whose port is {}: {} ports are nested there",
                    node.name(),
                    vm,
                    moved.size());
        }
        NodeSubnets.Step step = subnets.step(node, cluster);
        if (step.changed()) {
            return Outcome.again(Duration.ZERO);
        }
        network.topology().ensureSwitch(spec(node, cluster, router, step.subnets()));
        List<SdnPort> found = network.ports().list(node.id());
        Standing standing = ports.look(new NodePorts.Place(node, cluster, network, cloud, turn), found);
        stand(node, standing, step.trouble());
        List<SubnetView> emptied = NodeSubnets.emptied(step.subnets(), standing.ports());
        if (emptied.isEmpty()) {
            return standing.next();
        }
        List<SubnetView> left =
                step.subnets().stream().filter(s -> !emptied.contains(s)).toList();
        network.topology().ensureSwitch(spec(node, cluster, router, left));
        subnets.remove(node.id(), emptied);
        return Outcome.again(Duration.ZERO);
    }

    /** A port that is not up yet keeps nobody from the others; a node that was ready stays so while its ports come back. */
    private void stand(Node node, Standing standing, Optional<Trouble> ofSubnets) {
        UUID id = node.id().value();
        String before = node.stateProblem();
        Trouble trouble = standing.trouble(before == null || NodeSubnets.REFUSALS.contains(before) ? null : before)
                .or(() -> ofSubnets)
                .orElse(null);
        String reason = trouble == null ? null : trouble.reason();
        String problem = trouble == null ? null : trouble.problem();
        boolean wasReady = node.state().equals("ready");
        if (standing.unfinished() && !wasReady) {
            fillings.say(node);
        } else if (standing.ready() > 0 || wasReady) {
            nodes.stand(id, "ready", reason, problem);
        } else if (standing.allFailed()) {
            nodes.stand(id, "failed", reason, problem);
        } else if (reason != null) {
            nodes.because(id, reason, problem);
        }
    }

    private static SwitchSpec spec(Node node, Cluster cluster, String router, List<SubnetView> subnets) {
        return new SwitchSpec(
                node.id(),
                node.name(),
                router,
                subnets.stream()
                        .map(s -> new SwitchSpec.Subnet(s.id(), s.cidr(), s.gateway(), s.gatewayMac()))
                        .toList(),
                cluster.network(),
                node.chassis(),
                cluster.mtu());
    }

    /** A switch of a node that the ledger does not know. */
    private Outcome sweep(NodeId key) {
        ClusterId clusterId = switchesSeen.get(key);
        Optional<Cluster> cluster = clusterId == null ? Optional.empty() : clusters.find(clusterId);
        if (cluster.isEmpty() || cluster.get().isDeleting()) {
            return Outcome.DONE;
        }
        SdnBackend network = networks.of(cluster.get().target());
        boolean there = network.topology().ownSwitches().contains(key);
        if (!there || nodes.findById(key.value()).isPresent()) {
            orphans.forget("switch of " + key);
            return Outcome.DONE;
        }
        if (orphans.again("switch of " + key, List.of(key)).isEmpty()) {
            return Outcome.again(orphans.apart());
        }
        List<PortId> left = network.ports().list(key).stream().map(SdnPort::id).toList();
        Bulks.of(left, network.ports().bulk()).forEach(some -> network.ports().delete(key, some));
        network.topology().deleteSwitch(key);
        log.warn(
                "Switch of node {} in cluster {} had no row in the ledger: deleted with ports {}",
                key,
                cluster.get().name(),
                left.stream().map(PortId::toString).collect(joining(" ")));
        return Outcome.DONE;
    }
}
