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

/** Gauge {@code portolan.ipam.ports} by cluster and state: eight series a cluster, for a bounded number of clusters. */
@Configuration(proxyBeanMethods = false)
@EnableScheduling
class UtilisationMeters {
    private final UtilisationRepository utilisation;
    private final UtilisationProperties properties;
    private final MultiGauge ports;

    UtilisationMeters(UtilisationRepository utilisation, UtilisationProperties properties, MeterRegistry meters) {
        this.utilisation = utilisation;
        this.properties = properties;
        this.ports = MultiGauge.builder("portolan.ipam.ports")
                .description("Ports by cluster and state")
                .register(meters);
    }

    @Scheduled(
            initialDelayString = "${portolan.ipam.utilisation.interval:15s}",
            fixedDelayString = "${portolan.ipam.utilisation.interval:15s}")
    void count() {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        for (UtilisationRepository.ClusterRow cluster : utilisation.ofAll(properties.clusters())) {
            PortCounts counts = cluster.counts();
            add(rows, cluster, "planned", counts.planned());
            add(rows, cluster, "provisioning", counts.provisioning());
            add(rows, cluster, "free", counts.free());
            add(rows, cluster, "leased", counts.leased());
            add(rows, cluster, "bound", counts.bound());
            add(rows, cluster, "cooling", counts.cooling());
            add(rows, cluster, "draining", counts.draining());
            add(rows, cluster, "failed", counts.failed());
        }
        ports.register(rows, true);
    }

    private static void add(
            List<MultiGauge.Row<?>> rows, UtilisationRepository.ClusterRow cluster, String state, long count) {
        rows.add(MultiGauge.Row.of(Tags.of("cluster", cluster.getName(), "state", state), count));
    }
}
