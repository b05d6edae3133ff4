package io.portolan.topology.cluster;

import static java.util.stream.Collectors.joining;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.networks.Networks;
import io.portolan.sdn.PortSpec.Nesting.Way;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.ipam.IpamRefused;
import io.portolan.topology.ipam.IpamUnavailable;
import io.portolan.topology.network.Bulks;
import io.portolan.topology.trouble.Trouble;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Gives a cluster its router and its pools, and takes them away again. */
@Component
final class ClusterReconciler implements Reconciler<ClusterId> {
    private static final Duration REFUSED = Duration.ofSeconds(30);
    private static final Duration TEARDOWN = Duration.ofSeconds(1);
    private static final int NAMED = 3;

    private final ClusterRepository clusters;
    private final Networks networks;
    private final IpamClient ipam;

    ClusterReconciler(ClusterRepository clusters, Networks networks, IpamClient ipam) {
        this.clusters = clusters;
        this.networks = networks;
        this.ipam = ipam;
    }

    @Override
    public Set<ClusterId> keys() {
        Set<ClusterId> keys = new HashSet<>();
        clusters.ids().forEach(id -> keys.add(new ClusterId(id)));
        return keys;
    }

    @Override
    public Outcome reconcile(ClusterId key) {
        Optional<Cluster> found = clusters.findById(key.value());
        if (found.isEmpty()) {
            networks.forget(key);
            return Outcome.DONE;
        }
        Cluster cluster = found.get();
        try {
            return cluster.isDeleting() ? takeDown(cluster) : putUp(cluster);
        } catch (SdnFailure.Refused e) {
            return refused(cluster, Trouble.of(e));
        } catch (IpamRefused e) {
            return refused(cluster, Trouble.of(e));
        } catch (SdnFailure.Unavailable e) {
            unavailable(cluster, Trouble.of(e));
            return e.retryAfter().map(Outcome::again).orElseThrow(() -> e);
        } catch (IpamUnavailable e) {
            unavailable(cluster, Trouble.of(e));
            throw e;
        }
    }

    private Outcome refused(Cluster cluster, Trouble trouble) {
        say(cluster, "failed", trouble);
        return Outcome.again(REFUSED);
    }

    private void unavailable(Cluster cluster, Trouble trouble) {
        say(cluster, cluster.routerId() == null ? "pending" : "failed", trouble);
    }

    private void say(Cluster cluster, String state, Trouble trouble) {
        if (cluster.isDeleting()) {
            clusters.waitsFor(cluster.id().value(), trouble.reason(), trouble.problem());
        } else {
            clusters.stand(cluster.id().value(), state, trouble.reason(), trouble.problem());
        }
    }

    private Outcome putUp(Cluster cluster) {
        UUID id = cluster.id().value();
        SdnBackend network = networks.of(cluster.target());
        chooseNesting(cluster, network);
        RouterSpec spec =
                new RouterSpec(cluster.name(), cluster.podCidrs(), cluster.externalNetwork(), cluster.serviceCidr());
        String adopted = cluster.adoptedRouter();
        Router router = adopted == null
                ? network.topology().ensureRouter(spec)
                : network.topology().adoptRouter(adopted, spec);
        clusters.hasRouter(id, router.id());
        for (Cidr cidr : cluster.podCidrs()) {
            ipam.ensurePool(cluster.name(), pool(cidr), cidr);
        }
        clusters.stand(id, "ready", null, null);
        return Outcome.DONE;
    }

    /** Once: ports that are made cannot change how they nest. */
    private void chooseNesting(Cluster cluster, SdnBackend network) {
        ClusterSpec.Nesting wanted = cluster.nestingWanted();
        if (wanted == null || cluster.nesting().isPresent()) {
            return;
        }
        Way able = network.nesting()
                .orElseThrow(() -> new SdnFailure.Refused(
                        SdnFailure.Refused.Reason.NOT_SUPPORTED, "this network takes no ports into VMs"));
        if (wanted == ClusterSpec.Nesting.TRUNK && able != Way.TRUNK) {
            throw new SdnFailure.Refused(
                    SdnFailure.Refused.Reason.NOT_SUPPORTED, "the cloud has no trunks, which nesting asks for");
        }
        clusters.nests(
                cluster.id().value(),
                ClusterSpec.Nesting.of(wanted.way().orElse(able)).text());
    }

    /** A pool's name follows from its block, so that it is the same whatever the order of the blocks. */
    static String pool(Cidr cidr) {
        return "pods-" + cidr.toString().replaceAll("[./:]", "-");
    }

    private Outcome takeDown(Cluster cluster) {
        UUID id = cluster.id().value();
        SdnBackend network = networks.of(cluster.target());
        Set<NodeId> switches = network.topology().ownSwitches();
        clusters.drainNodes(id, false);
        List<ClusterRepository.LeftRow> nodes = clusters.nodesLeft(id);
        if (!nodes.isEmpty()) {
            clusters.waitsFor(id, "waits for %d nodes: %s".formatted(nodes.size(), names(nodes)), null);
            return Outcome.again(TEARDOWN);
        }
        for (NodeId node : switches) {
            List<PortId> ports =
                    network.ports().list(node).stream().map(SdnPort::id).toList();
            Bulks.of(ports, network.ports().bulk())
                    .forEach(some -> network.ports().delete(node, some));
            network.topology().deleteSwitch(node);
        }
        withoutGateway(network);
        network.topology().deleteRouter();
        for (String pool : ipam.pools(cluster.name())) {
            ipam.deletePool(cluster.name(), pool);
        }
        clusters.delete(id);
        networks.forget(cluster.id());
        return Outcome.DONE;
    }

    private static void withoutGateway(SdnBackend network) {
        try {
            network.gateways().deleteGateway();
        } catch (SdnFailure.Refused e) {
            if (e.reason() != SdnFailure.Refused.Reason.NOT_SUPPORTED) {
                throw e;
            }
        }
    }

    private static String names(List<ClusterRepository.LeftRow> nodes) {
        String first = nodes.stream()
                .limit(NAMED)
                .map(n -> n.getReason() == null ? n.getName() : n.getName() + " (" + n.getReason() + ")")
                .collect(joining(", "));
        return nodes.size() > NAMED ? first + ", …" : first;
    }
}
