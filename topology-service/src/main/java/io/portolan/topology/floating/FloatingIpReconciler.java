package io.portolan.topology.floating;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.model.ClusterId;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.PortId;
import io.portolan.networks.Networks;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import io.portolan.topology.floating.FloatingIpRepository.PortRow;
import io.portolan.topology.trouble.Trouble;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Lets floating addresses lead where their pods are, and nowhere else. */
@Component
final class FloatingIpReconciler implements Reconciler<FloatingIpId> {
    private static final Logger log = LoggerFactory.getLogger(FloatingIpReconciler.class);
    private static final Duration REFUSED = Duration.ofSeconds(30);
    private static final Duration NO_GATEWAY = Duration.ofSeconds(2);

    private final FloatingIpRepository floatingIps;
    private final Clusters clusters;
    private final Networks networks;
    private final TwoLooks orphans;
    private volatile Map<FloatingIpId, ClusterId> seen = Map.of();

    FloatingIpReconciler(FloatingIpRepository floatingIps, Clusters clusters, Networks networks, TwoLooks orphans) {
        this.floatingIps = floatingIps;
        this.clusters = clusters;
        this.networks = networks;
        this.orphans = orphans;
    }

    /** Those of the ledger, and those that bear a cluster's mark. A network that does not answer hides only its own. */
    @Override
    public Set<FloatingIpId> keys() {
        Map<FloatingIpId, ClusterId> found = new HashMap<>();
        List<UUID> withGateway = floatingIps.clustersWithGateway();
        for (Cluster cluster : clusters.all()) {
            if (withGateway.contains(cluster.id().value()) && cluster.routerId() != null && !cluster.isDeleting()) {
                try {
                    networks.of(cluster.target())
                            .floatingIps()
                            .ownFloatingIps()
                            .forEach(each -> found.put(each.id(), cluster.id()));
                } catch (SdnFailure e) {
                    log.debug("Floating addresses of cluster {} are not known: {}", cluster.name(), e.getMessage());
                }
            }
        }
        seen = Map.copyOf(found);
        Set<FloatingIpId> keys = new HashSet<>(found.keySet());
        floatingIps.ids().forEach(id -> keys.add(new FloatingIpId(id)));
        return keys;
    }

    @Override
    public Outcome reconcile(FloatingIpId key) {
        Optional<FloatingIp> found = floatingIps.findById(key.value());
        if (found.isEmpty()) {
            return sweep(key);
        }
        FloatingIp floatingIp = found.get();
        Optional<Cluster> cluster = clusters.find(floatingIp.cluster()).filter(each -> !each.isDeleting());
        if (cluster.isEmpty()) {
            return Outcome.DONE;
        }
        try {
            return settle(floatingIp, cluster.get());
        } catch (SdnFailure.Refused e) {
            say(key, Trouble.of(e));
            return Outcome.again(REFUSED);
        } catch (SdnFailure.Unavailable e) {
            say(key, Trouble.of(e));
            return e.retryAfter().map(Outcome::again).orElseThrow(() -> e);
        }
    }

    private void say(FloatingIpId id, Trouble trouble) {
        floatingIps.stand(id.value(), "failed", trouble.reason(), trouble.problem());
    }

    private Outcome settle(FloatingIp floatingIp, Cluster cluster) {
        UUID id = floatingIp.id().value();
        SdnFloatingIps network = networks.of(cluster.target()).floatingIps();
        if (floatingIp.isDeleting()) {
            network.deleteFloatingIp(floatingIp.id());
            floatingIps.delete(id);
            return Outcome.DONE;
        }
        String router = cluster.routerId();
        boolean outside = router != null && floatingIps.hasGateway(cluster.id().value());
        Optional<PortRow> port = outside ? port(floatingIp) : Optional.empty();
        if (floatingIp.port() != null && !leadsTo(floatingIp, port)) {
            letGo(floatingIp, network, outside ? router : null);
            return Outcome.again(Duration.ZERO);
        }
        if (router == null || !outside) {
            floatingIps.stand(id, "pending", "the cluster has no gateway that is made", null);
            return Outcome.again(NO_GATEWAY);
        }
        if (port.isEmpty()) {
            allocate(floatingIp, network, router, null);
            FloatingIpClaim.Pod pod = floatingIp.pod();
            floatingIps.stand(
                    id, "waiting", pod == null ? "it stands for nobody" : "pod %s has no port".formatted(pod), null);
            return Outcome.DONE;
        }
        PortRow row = port.get();
        if (floatingIp.port() == null && floatingIps.takePort(id, row.getId(), row.getSandbox()) == 0) {
            return Outcome.again(Duration.ZERO);
        }
        allocate(
                floatingIp,
                network,
                router,
                new FloatingIpSpec.Target(new PortId(row.getId()), IpAddress.parse(row.getIp()), row.getBackend()));
        floatingIps.stand(id, "active", null, null);
        return Outcome.DONE;
    }

    private Optional<PortRow> port(FloatingIp floatingIp) {
        FloatingIpClaim.Pod pod = floatingIp.pod();
        return pod == null
                ? Optional.empty()
                : floatingIps.portOf(floatingIp.cluster().value(), pod.namespace(), pod.name());
    }

    private static boolean leadsTo(FloatingIp floatingIp, Optional<PortRow> port) {
        return port.filter(row -> row.getId().equals(floatingIp.port())
                        && row.getSandbox().equals(floatingIp.sandbox()))
                .isPresent();
    }

    /** The network first, the ledger second: until then the port goes to nobody else. */
    private void letGo(FloatingIp floatingIp, SdnFloatingIps network, @Nullable String router) {
        UUID port = floatingIp.port();
        if (port == null) {
            return;
        }
        if (router == null) {
            network.deleteFloatingIp(floatingIp.id());
        } else {
            allocate(floatingIp, network, router, null);
        }
        floatingIps.leavePort(floatingIp.id().value(), port);
    }

    private void allocate(
            FloatingIp floatingIp, SdnFloatingIps network, String router, FloatingIpSpec.@Nullable Target target) {
        IpAddress address =
                network.ensureFloatingIp(new FloatingIpSpec(floatingIp.id(), router, floatingIp.address(), target));
        if (!address.equals(floatingIp.address())) {
            floatingIps.hasAddress(floatingIp.id().value(), address.toString());
        }
    }

    private Outcome sweep(FloatingIpId key) {
        ClusterId owner = seen.get(key);
        Optional<Cluster> cluster =
                owner == null ? Optional.empty() : clusters.find(owner).filter(each -> !each.isDeleting());
        if (cluster.isEmpty()) {
            return Outcome.DONE;
        }
        SdnFloatingIps network = networks.of(cluster.get().target()).floatingIps();
        List<FloatingIpId> found = network.ownFloatingIps().stream()
                .map(SdnFloatingIps.FloatingIp::id)
                .filter(key::equals)
                .toList();
        if (floatingIps.findById(key.value()).isPresent()) {
            return Outcome.again(Duration.ZERO);
        }
        if (orphans.again(key, found).isEmpty()) {
            return found.isEmpty() ? Outcome.DONE : Outcome.again(orphans.apart());
        }
        log.warn(
                "Cluster {} has a floating address that the ledger does not know: deleted",
                cluster.get().name());
        network.deleteFloatingIp(key);
        return Outcome.DONE;
    }
}
