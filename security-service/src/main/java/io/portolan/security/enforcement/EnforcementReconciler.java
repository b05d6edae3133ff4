package io.portolan.security.enforcement;

import static java.util.stream.Collectors.toSet;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.kit.problem.Refused;
import io.portolan.model.ClusterId;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnSecurity;
import io.portolan.security.binding.BindingWrites;
import io.portolan.security.binding.Bindings;
import io.portolan.security.binding.Closing;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.network.Trouble;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Closes a declared cluster's nodes, sweeps and finishes its bindings; takes all that back from one that is deleted. */
@Component
final class EnforcementReconciler implements Reconciler<ClusterId> {
    private static final Logger log = LoggerFactory.getLogger(EnforcementReconciler.class);
    private static final Duration REFUSED = Duration.ofSeconds(30);

    private final SecurityRepository securities;
    private final Clusters clusters;
    private final Networks networks;
    private final Closing closing;
    private final Bindings bindings;
    private final BindingWrites writes;

    EnforcementReconciler(
            SecurityRepository securities,
            Clusters clusters,
            Networks networks,
            Closing closing,
            Bindings bindings,
            BindingWrites writes) {
        this.securities = securities;
        this.clusters = clusters;
        this.networks = networks;
        this.closing = closing;
        this.bindings = bindings;
        this.writes = writes;
    }

    @Override
    public Set<ClusterId> keys() {
        return securities.clusters().stream().map(ClusterId::new).collect(toSet());
    }

    @Override
    public Outcome reconcile(ClusterId key) {
        UUID id = key.value();
        Optional<Cluster> cluster = clusters.find(key).filter(each -> !each.isDeleting());
        Optional<Security> security = securities.findById(id);
        if (cluster.isEmpty() || security.isEmpty()) {
            return Outcome.DONE;
        }
        try {
            SdnSecurity network = networks.of(cluster.get().target()).security();
            return security.get().isDeleting() ? open(key, network) : close(cluster.get(), network);
        } catch (SdnFailure e) {
            Trouble trouble = Trouble.of(e);
            securities.stand(id, "failed", trouble.reason(), trouble.problem());
            return e instanceof SdnFailure.Unavailable unavailable
                    ? unavailable.retryAfter().map(Outcome::again).orElseThrow(() -> e)
                    : Outcome.again(REFUSED);
        } catch (Refused e) {
            securities.stand(id, "failed", String.valueOf(e.getMessage()), e.slug());
            throw e;
        }
    }

    private Outcome close(Cluster cluster, SdnSecurity network) {
        writes.exclusively(cluster.id(), () -> closing.close(network, cluster.id()));
        int swept = bindings.sweep(cluster.id());
        if (swept > 0) {
            log.info("Cluster {}: {} ports were given back in profiles and are closed", cluster.name(), swept);
        }
        bindings.finish(cluster.id());
        securities.stand(cluster.id().value(), "ready", null, null);
        return Outcome.DONE;
    }

    private Outcome open(ClusterId cluster, SdnSecurity network) {
        if (bindings.closeAll(cluster) > 0) {
            return Outcome.again(Duration.ZERO);
        }
        writes.exclusively(cluster, () -> {
            network.open();
            closing.opened(cluster);
            securities.delete(cluster.value());
        });
        return Outcome.DONE;
    }
}
