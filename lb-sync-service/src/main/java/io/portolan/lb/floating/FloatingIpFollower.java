package io.portolan.lb.floating;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.lb.settings.LbProperties;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterName;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.springframework.stereotype.Component;

/** Opens a {@link PodFloatingIps} for a cluster, where it is known where topology-service is. */
@Component
public final class FloatingIpFollower {
    private static final int WORKERS = 4;

    private final TopologyClient topology;
    private final LedgerLocks locks;
    private final MeterRegistry meters;
    private final LbProperties properties;

    FloatingIpFollower(TopologyClient topology, LedgerLocks locks, MeterRegistry meters, LbProperties properties) {
        this.topology = topology;
        this.locks = locks;
        this.meters = meters;
        this.properties = properties;
    }

    /** @param active whether this replica is the one that writes for the cluster */
    public Optional<PodFloatingIps> follow(ClusterName cluster, KubernetesClient client, BooleanSupplier active) {
        if (!topology.isThere()) {
            return Optional.empty();
        }
        return Optional.of(new PodFloatingIps(
                cluster,
                topology,
                client,
                active,
                new TwoLooks(properties.orphanAge()),
                reconciler -> new ReconcileLoop<>(
                        "pod-floating-ips-" + cluster,
                        reconciler,
                        locks,
                        meters,
                        properties.loop().settings().workers(WORKERS))));
    }
}
