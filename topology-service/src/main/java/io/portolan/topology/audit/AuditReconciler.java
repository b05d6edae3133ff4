package io.portolan.topology.audit;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.model.ClusterId;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** Audits each cluster once a period, whichever replica comes first. */
@Component
final class AuditReconciler implements Reconciler<ClusterId> {
    private final Clusters clusters;
    private final Audits audits;

    AuditReconciler(Clusters clusters, Audits audits) {
        this.clusters = clusters;
        this.audits = audits;
    }

    @Override
    public Set<ClusterId> keys() {
        return clusters.all().stream()
                .filter(cluster -> !cluster.isDeleting())
                .map(Cluster::id)
                .collect(Collectors.toSet());
    }

    @Override
    public Outcome reconcile(ClusterId key) {
        Optional<Cluster> cluster = clusters.find(key);
        if (cluster.isPresent() && !cluster.get().isDeleting() && !audits.isRecent(cluster.get())) {
            audits.tryRun(cluster.get());
        }
        return Outcome.DONE;
    }
}
