package io.portolan.topology.gateway;

import static java.util.stream.Collectors.joining;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.Mode;
import io.portolan.model.VlanTag;
import io.portolan.networks.Networks;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnGateways;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import io.portolan.topology.trouble.Trouble;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Gives a cluster's router its gateway, and takes it away again. */
@Component
final class GatewayReconciler implements Reconciler<ClusterId> {
    private static final Logger log = LoggerFactory.getLogger(GatewayReconciler.class);
    private static final Duration REFUSED = Duration.ofSeconds(30);
    private static final Duration CLUSTER_PENDING = Duration.ofSeconds(1);

    private final GatewayRepository gateways;
    private final Clusters clusters;
    private final Networks networks;
    private final TwoLooks orphans;

    GatewayReconciler(GatewayRepository gateways, Clusters clusters, Networks networks, TwoLooks orphans) {
        this.gateways = gateways;
        this.clusters = clusters;
        this.networks = networks;
        this.orphans = orphans;
    }

    /** Clusters with a router: each may have a gateway, or the remains of one. */
    @Override
    public Set<ClusterId> keys() {
        Set<ClusterId> keys = new HashSet<>();
        clusters.all().stream()
                .filter(cluster -> cluster.routerId() != null)
                .forEach(cluster -> keys.add(cluster.id()));
        gateways.ids().forEach(id -> keys.add(new ClusterId(id)));
        return keys;
    }

    @Override
    public Outcome reconcile(ClusterId key) {
        Optional<Cluster> cluster = clusters.find(key).filter(each -> !each.isDeleting());
        if (cluster.isEmpty()) {
            return Outcome.DONE;
        }
        if (gateways.findById(key.value()).isEmpty()) {
            // In a cloud the gateway is the router's: there is nothing to ask for.
            return cluster.get().mode() == Mode.OVERLAY ? sweep(cluster.get()) : Outcome.DONE;
        }
        try {
            return settle(cluster.get());
        } catch (SdnFailure.Refused e) {
            say(key, Trouble.of(e));
            return Outcome.again(REFUSED);
        } catch (SdnFailure.Unavailable e) {
            say(key, Trouble.of(e));
            return e.retryAfter().map(Outcome::again).orElseThrow(() -> e);
        }
    }

    private void say(ClusterId cluster, Trouble trouble) {
        if (gateways.stand(cluster.value(), "failed", trouble.reason(), trouble.problem()) == 0) {
            gateways.waitsFor(cluster.value(), trouble.reason(), trouble.problem());
        }
    }

    private Outcome settle(Cluster cluster) {
        UUID id = cluster.id().value();
        Gateway gateway = gateways.findById(id).orElseThrow();
        SdnGateways network = networks.of(cluster.target()).gateways();
        if (gateway.isDeleting()) {
            network.deleteGateway();
            gateways.delete(id);
            return Outcome.DONE;
        }
        String router = cluster.routerId();
        if (router == null) {
            gateways.stand(
                    id,
                    "pending",
                    "waits for its cluster, which is %s: %s"
                            .formatted(
                                    cluster.state(),
                                    Objects.requireNonNullElse(cluster.stateReason(), "it has no router yet")),
                    cluster.stateProblem());
            return Outcome.again(CLUSTER_PENDING);
        }
        GatewayClaim claim = gateway.claim();
        List<String> chassis = chassis(id, claim);
        if (claim.physicalNetwork() != null && chassis.isEmpty()) {
            gateways.stand(
                    id,
                    "failed",
                    "no ready node is of class " + claim.nodeClass()
                            + (gateway.wasReady() ? "; the gateway stays where it is" : ""),
                    "no-gateway-chassis");
            return Outcome.again(REFUSED);
        }
        List<IpAddress> addresses = network.ensureGateway(spec(cluster, router, claim, chassis));
        gateways.isReady(
                id,
                gateway.revision(),
                addresses.stream().map(IpAddress::toString).collect(joining(" ")));
        return Outcome.DONE;
    }

    private List<String> chassis(UUID cluster, GatewayClaim claim) {
        String nodeClass = claim.nodeClass();
        return nodeClass == null ? claim.chassis() : gateways.chassis(cluster, nodeClass, GatewayRules.MOST_CHASSIS);
    }

    private static GatewaySpec spec(Cluster cluster, String router, GatewayClaim claim, List<String> chassis) {
        return new GatewaySpec(
                router,
                cluster.podCidrs(),
                cluster.serviceCidr(),
                claim.snat(),
                claim.noSnatCidrs(),
                attachment(claim, chassis));
    }

    private static GatewaySpec.@Nullable Attachment attachment(GatewayClaim claim, List<String> chassis) {
        String physical = claim.physicalNetwork();
        if (physical == null) {
            return null;
        }
        IpAddress address = Objects.requireNonNull(claim.address());
        return new GatewaySpec.Attachment(
                physical,
                claim.vlan() == null ? null : new VlanTag(claim.vlan()),
                Objects.requireNonNull(claim.network()),
                address,
                Objects.requireNonNull(claim.nextHop()),
                Objects.requireNonNullElse(claim.snatAddress(), address),
                chassis);
    }

    /** What a ledger that was restored does not know of goes after two looks. */
    private Outcome sweep(Cluster cluster) {
        try {
            SdnGateways network = networks.of(cluster.target()).gateways();
            List<String> found = network.hasGateway() ? List.of("gateway") : List.of();
            if (!gateways.findById(cluster.id().value()).isEmpty()) {
                return Outcome.again(Duration.ZERO);
            }
            if (!orphans.again("gateway " + cluster.id(), found).isEmpty()) {
                log.warn(
                        "Cluster {} has a gateway in its network that the ledger does not know: deleted",
                        cluster.name());
                network.deleteGateway();
                return Outcome.DONE;
            }
            return found.isEmpty() ? Outcome.DONE : Outcome.again(orphans.apart());
        } catch (SdnFailure.Refused e) {
            log.debug("Cluster {}: {}", cluster.name(), e.getMessage());
            return Outcome.DONE;
        }
    }
}
