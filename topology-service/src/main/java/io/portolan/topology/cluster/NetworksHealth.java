package io.portolan.topology.cluster;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.stereotype.Component;

/**
 * Says which clusters' networks are not well. DEGRADED answers 200 and belongs to no probe: a restart of this service mends
 * nobody's network, and the other clusters need it.
 */
@Component("networks")
final class NetworksHealth implements HealthIndicator {
    private static final Status DEGRADED = new Status("DEGRADED");

    private final Clusters clusters;

    NetworksHealth(Clusters clusters) {
        this.clusters = clusters;
    }

    @Override
    public Health health() {
        Map<String, Object> unwell = new LinkedHashMap<>();
        for (Cluster cluster : clusters.all()) {
            if (cluster.state().equals("failed") || cluster.state().equals("pending")) {
                unwell.put(cluster.name().value(), Objects.requireNonNullElse(cluster.stateReason(), cluster.state()));
            }
        }
        return unwell.isEmpty()
                ? Health.up().build()
                : Health.status(DEGRADED).withDetails(unwell).build();
    }
}
