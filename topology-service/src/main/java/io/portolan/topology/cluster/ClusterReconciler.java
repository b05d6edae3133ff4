package io.portolan.topology.cluster;

import static java.util.stream.Collectors.joining;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.ipam.IpamClient;
import io.portolan.topology.ipam.IpamRefused;
import io.portolan.topology.ipam.IpamUnavailable;
import io.portolan.topology.network.SdnBackends;
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
    private final SdnBackends backends;
    private final IpamClient ipam;

    ClusterReconciler(ClusterRepository clusters, SdnBackends backends, IpamClient ipam) {
        this.clusters = clusters;
        this.backends = backends;
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
            backends.forget(key);
            return Outcome.DONE;
        }
        Cluster cluster = found.get();
        try {
            return cluster.isDeleting() ? takeDown(cluster) : putUp(cluster);
        } catch (SdnFailure.Refused e) {
            return refused(cluster, "the network refuses: " + e.getMessage());
        } catch (IpamRefused e) {
            return refused(cluster, "ipam-service refuses: " + e.detail());
        } catch (SdnFailure.Unavailable | IpamUnavailable e) {
            say(cluster, cluster.routerId() == null ? "pending" : "failed", String.valueOf(e.getMessage()));
            throw e;
        }
    }

    private Outcome refused(Cluster cluster, String reason) {
        say(cluster, "failed", reason);
        return Outcome.again(REFUSED);
    }

    private void say(Cluster cluster, String state, String reason) {
        if (cluster.isDeleting()) {
            clusters.waitsFor(cluster.id().value(), reason);
        } else {
            clusters.stand(cluster.id().value(), state, reason);
        }
    }

    private Outcome putUp(Cluster cluster) {
        UUID id = cluster.id().value();
        SdnBackend network = backends.of(cluster.target());
        RouterSpec spec = new RouterSpec(cluster.name(), cluster.podCidrs(), null);
        String adopted = cluster.adoptedRouter();
        Router router = adopted == null
                ? network.topology().ensureRouter(spec)
                : network.topology().adoptRouter(adopted, spec);
        clusters.hasRouter(id, router.id());
        for (Cidr cidr : cluster.podCidrs()) {
            ipam.ensurePool(cluster.name(), pool(cidr), cidr);
        }
        clusters.stand(id, "ready", null);
        return Outcome.DONE;
    }

    /** A pool's name follows from its block, so that it is the same whatever the order of the blocks. */
    static String pool(Cidr cidr) {
        return "pods-" + cidr.toString().replaceAll("[./:]", "-");
    }

    private Outcome takeDown(Cluster cluster) {
        UUID id = cluster.id().value();
        SdnBackend network = backends.of(cluster.target());
        Set<NodeId> switches = network.topology().ownSwitches();
        clusters.drainNodes(id, false);
        List<ClusterRepository.LeftRow> nodes = clusters.nodesLeft(id);
        if (!nodes.isEmpty()) {
            clusters.waitsFor(id, "waits for %d nodes: %s".formatted(nodes.size(), names(nodes)));
            return Outcome.again(TEARDOWN);
        }
        for (NodeId node : switches) {
            List<PortId> ports =
                    network.ports().list(node).stream().map(SdnPort::id).toList();
            if (!ports.isEmpty()) {
                network.ports().delete(node, ports);
            }
            network.topology().deleteSwitch(node);
        }
        network.topology().deleteRouter();
        for (String pool : ipam.pools(cluster.name())) {
            ipam.deletePool(cluster.name(), pool);
        }
        clusters.delete(id);
        backends.forget(cluster.id());
        return Outcome.DONE;
    }

    private static String names(List<ClusterRepository.LeftRow> nodes) {
        String first = nodes.stream()
                .limit(NAMED)
                .map(n -> n.getReason() == null ? n.getName() : n.getName() + " (" + n.getReason() + ")")
                .collect(joining(", "));
        return nodes.size() > NAMED ? first + ", …" : first;
    }
}
