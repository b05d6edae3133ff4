package io.portolan.lb.sync;

import java.util.List;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.stereotype.Component;

/** DOWN while a cluster's loop is stuck, which a restart cures; DEGRADED while a cluster is not watched, which it does not. */
@Component("services")
final class SyncsHealth implements HealthIndicator {
    private static final Status DEGRADED = new Status("DEGRADED");

    private final ClusterSyncs syncs;

    SyncsHealth(ClusterSyncs syncs) {
        this.syncs = syncs;
    }

    @Override
    public Health health() {
        List<String> stuck = syncs.stuck();
        if (!stuck.isEmpty()) {
            return Health.down().withDetail("stuck", stuck).build();
        }
        return syncs.behind().isEmpty()
                ? Health.up().build()
                : Health.status(DEGRADED).withDetails(syncs.behind()).build();
    }
}
