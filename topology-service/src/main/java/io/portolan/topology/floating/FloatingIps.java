package io.portolan.topology.floating;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.Mode;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import io.portolan.topology.ledger.LedgerTransactions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;

/** Declares floating addresses, shows them, and marks them for deletion. */
@Component
final class FloatingIps {
    private static final int MOST = 256;
    private static final int COOLDOWN = 5;
    private static final String NAME = "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?";

    /** @param made whether it was not there before */
    record Declared(FloatingIpView floatingIp, boolean made) {}

    private final LedgerTransactions transactions;
    private final Clusters clusters;
    private final FloatingIpRepository floatingIps;

    FloatingIps(LedgerTransactions transactions, Clusters clusters, FloatingIpRepository floatingIps) {
        this.transactions = transactions;
        this.clusters = clusters;
        this.floatingIps = floatingIps;
    }

    Declared declare(ClusterName clusterName, String name, FloatingIpClaim claim) {
        Cluster cluster = clusters.named(clusterName);
        check(name, claim);
        if (cluster.cooldownSeconds() < COOLDOWN) {
            throw new FloatingIpRefused.CooldownTooShort(cluster.cooldownSeconds(), COOLDOWN);
        }
        Map<String, Supplier<FloatingIpRefused>> refusals = new TreeMap<>();
        refusals.put("floating_ip_pod_key", () -> new FloatingIpRefused.PodHasOne(claim.pod()));
        IpAddress wanted = claim.address();
        if (wanted != null) {
            refusals.put("floating_ip_ip_key", () -> new FloatingIpRefused.Taken(wanted));
        }
        return transactions.run(() -> write(cluster, name, claim), refusals);
    }

    private static void check(String name, FloatingIpClaim claim) {
        if (!name.matches(NAME)) {
            throw new Invalid("name", "a floating address is called by at most 253 of a-z, 0-9, - and .");
        }
        FloatingIpClaim.Pod pod = claim.pod();
        if (pod != null && claim.portAddress() != null) {
            throw new Invalid("portAddress", "say either the pod or its address");
        }
        if (pod != null && !pod.namespace().matches(NAME)) {
            throw new Invalid("pod.namespace", "that is no namespace's name");
        }
        if (pod != null && !pod.name().matches(NAME)) {
            throw new Invalid("pod.name", "that is no pod's name");
        }
    }

    private Declared write(Cluster cluster, String name, FloatingIpClaim claim) {
        UUID id = cluster.id().value();
        if (floatingIps.lockGateway(id).isEmpty()) {
            throw new FloatingIpRefused.NoGateway(cluster.name());
        }
        FloatingIpClaim.Pod pod = pod(id, claim);
        String namespace = pod == null ? null : pod.namespace();
        String podName = pod == null ? null : pod.name();
        Optional<FloatingIp> before = floatingIps.findByClusterIdAndName(id, name);
        if (before.isPresent()) {
            change(before.get(), claim);
            floatingIps.lead(before.get().id().value(), namespace, podName);
        } else {
            String wanted = claim.address() == null ? null : claim.address().toString();
            String address = cluster.mode() == Mode.UNDERLAY ? wanted : choose(id, claim.address());
            floatingIps.insert(UUID.randomUUID(), id, name, wanted, address, namespace, podName);
        }
        return new Declared(
                floatingIps.findByClusterIdAndName(id, name).orElseThrow().view(), before.isEmpty());
    }

    private static void change(FloatingIp before, FloatingIpClaim claim) {
        if (before.isDeleting()) {
            throw new FloatingIpRefused.Deleting(before.name());
        }
        if (claim.address() != null
                && before.address() != null
                && !claim.address().equals(before.address())) {
            throw new FloatingIpRefused.Immutable(before.address());
        }
    }

    private FloatingIpClaim.@Nullable Pod pod(UUID cluster, FloatingIpClaim claim) {
        IpAddress at = claim.portAddress();
        if (at == null) {
            return claim.pod();
        }
        return floatingIps
                .portAt(cluster, at.toString())
                .map(port -> new FloatingIpClaim.Pod(port.getNamespace(), port.getName()))
                .orElseThrow(() -> new FloatingIpRefused.NobodyThere(at));
    }

    private String choose(UUID cluster, @Nullable IpAddress wanted) {
        if (wanted == null) {
            return floatingIps.free(cluster).orElseThrow(FloatingIpRefused.NoneLeft::new);
        }
        String address = wanted.toString();
        if (!floatingIps.inBlocks(cluster, address)) {
            throw new Invalid("address", address + " is in none of the gateway's floatingCidrs");
        }
        if (floatingIps.balanced(cluster, address)) {
            throw new FloatingIpRefused.Taken(wanted);
        }
        return address;
    }

    FloatingIpPage page(ClusterName clusterName, @Nullable String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        UUID cluster = clusters.named(clusterName).id().value();
        List<FloatingIpView> all = floatingIps
                .findByClusterIdAndNameGreaterThanOrderByName(
                        cluster, Objects.requireNonNullElse(cursor, ""), Limit.of(limit + 1))
                .stream()
                .map(FloatingIp::view)
                .toList();
        List<FloatingIpView> some = all.stream().limit(limit).toList();
        return new FloatingIpPage(some, all.size() > limit ? some.getLast().name() : null);
    }

    FloatingIpView show(ClusterName clusterName, String name) {
        UUID cluster = clusters.named(clusterName).id().value();
        return floatingIps
                .findByClusterIdAndName(cluster, name)
                .orElseThrow(() -> new FloatingIpRefused.Unknown(clusterName, name))
                .view();
    }

    /** What is not there, or is being deleted, is left at that. */
    void delete(ClusterName clusterName, String name) {
        clusters.find(clusterName)
                .ifPresent(cluster -> transactions.run(
                        () -> floatingIps.markDeleting(cluster.id().value(), name), Map.of()));
    }
}
