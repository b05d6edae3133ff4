package io.portolan.topology.gateway;

import static java.util.stream.Collectors.joining;

import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import io.portolan.topology.ledger.LedgerTransactions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Declares gateways, shows them, and marks them for deletion. */
@Component
final class Gateways {
    /** @param made whether it was not there before */
    record Declared(GatewayView gateway, boolean made) {}

    private final LedgerTransactions transactions;
    private final Clusters clusters;
    private final GatewayRepository gateways;

    Gateways(LedgerTransactions transactions, Clusters clusters, GatewayRepository gateways) {
        this.transactions = transactions;
        this.clusters = clusters;
        this.gateways = gateways;
    }

    Declared declare(ClusterName name, GatewayClaim claim) {
        Cluster cluster = clusters.named(name);
        GatewayRules.check(claim, cluster);
        String nodeClass = claim.nodeClass();
        if (nodeClass != null && clusters.settings(cluster, nodeClass).isEmpty()) {
            throw new GatewayRefused.UnknownNodeClass(nodeClass);
        }
        return transactions.run(() -> write(cluster, claim), Map.of());
    }

    private Declared write(Cluster cluster, GatewayClaim claim) {
        UUID id = cluster.id().value();
        boolean there = gateways.lockCluster(id)
                .filter(state -> !state.equals("deleting"))
                .isPresent();
        if (!there) {
            throw new GatewayRefused.ClusterDeleting(cluster.name());
        }
        gateways.lock(id);
        Optional<Gateway> before = gateways.findById(id);
        if (before.filter(Gateway::isDeleting).isPresent()) {
            throw new GatewayRefused.Deleting(cluster.name());
        }
        boolean same = before.filter(gateway -> gateway.claim().equals(claim)).isPresent();
        if (!same) {
            refuseTaken(id, claim);
            String floating = text(claim.floatingCidrs());
            gateways.lockOutside(id);
            gateways.overlapsServices(id, floating).ifPresent(block -> {
                throw new GatewayRefused.FloatingOverlapsServices(block);
            });
            if (claim.network() != null) {
                gateways.floatingOutside(id, floating).ifPresent(floatingIp -> {
                    throw new GatewayRefused.FloatingInUse(floatingIp);
                });
            }
            gateways.put(id, String.join(" ", claim.chassis()), text(claim.noSnatCidrs()), floating, claim);
        }
        return new Declared(gateways.findById(id).orElseThrow().view(cluster.name()), before.isEmpty());
    }

    private void refuseTaken(UUID cluster, GatewayClaim claim) {
        refuseTaken(cluster, claim, "address", claim.address());
        refuseTaken(cluster, claim, "snatAddress", claim.snatAddress());
    }

    private void refuseTaken(UUID cluster, GatewayClaim claim, String field, @Nullable IpAddress address) {
        String network = claim.physicalNetwork();
        if (address != null && network != null) {
            gateways.holder(cluster, network, claim.vlan(), address.toString()).ifPresent(other -> {
                throw new GatewayRefused.AddressTaken(field, address.toString(), other);
            });
        }
    }

    private static String text(List<?> values) {
        return values.stream().map(Object::toString).collect(joining(" "));
    }

    GatewayView show(ClusterName name) {
        Cluster cluster = clusters.named(name);
        return gateways.findById(cluster.id().value())
                .orElseThrow(() -> new GatewayRefused.Unknown(name))
                .view(name);
    }

    /** What is not there, or is being deleted, is left at that. */
    void delete(ClusterName name) {
        clusters.find(name)
                .ifPresent(cluster -> transactions.run(
                        () -> gateways.markDeleting(cluster.id().value()), Map.of()));
    }
}
