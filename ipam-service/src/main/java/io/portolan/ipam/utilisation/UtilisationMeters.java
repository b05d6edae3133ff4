package io.portolan.ipam.utilisation;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.portolan.model.api.PortCounts;
import java.util.ArrayList;
import java.util.List;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

/** Gauge {@code portolan.ipam.ports} by cluster and state: eight series a cluster, and two of {@code portolan.ipam.leases}, for a bounded number of clusters. */
@Configuration(proxyBeanMethods = false)
@EnableScheduling
class UtilisationMeters {
    private final UtilisationRepository utilisation;
    private final UtilisationProperties properties;
    private final MultiGauge ports;
    private final MultiGauge leases;

    UtilisationMeters(UtilisationRepository utilisation, UtilisationProperties properties, MeterRegistry meters) {
        this.utilisation = utilisation;
        this.properties = properties;
        this.ports = MultiGauge.builder("portolan.ipam.ports")
                .description("Ports by cluster and state")
                .register(meters);
        this.leases = MultiGauge.builder("portolan.ipam.leases")
                .description("Ports in nodes' caches by cluster: idle ones, and all; idle of all is what is wasted")
                .register(meters);
    }

    @Scheduled(
            initialDelayString = "${portolan.ipam.utilisation.interval:15s}",
            fixedDelayString = "${portolan.ipam.utilisation.interval:15s}")
    void count() {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        List<MultiGauge.Row<?>> held = new ArrayList<>();
        for (UtilisationRepository.ClusterRow cluster : utilisation.ofAll(properties.clusters())) {
            PortCounts counts = cluster.counts();
            add(held, cluster, "which", "idle", counts.leased());
            add(held, cluster, "which", "all", cluster.getHeld());
            add(rows, cluster, "state", "planned", counts.planned());
            add(rows, cluster, "state", "provisioning", counts.provisioning());
            add(rows, cluster, "state", "free", counts.free());
            add(rows, cluster, "state", "leased", counts.leased());
            add(rows, cluster, "state", "bound", counts.bound());
            add(rows, cluster, "state", "cooling", counts.cooling());
            add(rows, cluster, "state", "draining", counts.draining());
            add(rows, cluster, "state", "failed", counts.failed());
        }
        ports.register(rows, true);
        leases.register(held, true);
    }

    private static void add(
            List<MultiGauge.Row<?>> rows,
            UtilisationRepository.ClusterRow cluster,
            String tag,
            String value,
            long count) {
        rows.add(MultiGauge.Row.of(Tags.of("cluster", cluster.getName(), tag, value), count));
    }
}
