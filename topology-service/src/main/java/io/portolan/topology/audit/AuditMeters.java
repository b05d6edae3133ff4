package io.portolan.topology.audit;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.portolan.topology.audit.AuditRepository.MeterRow;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** What the last audits found, by cluster and kind. Every replica says the same, from the ledger. */
@Component
class AuditMeters {
    private static final Logger log = LoggerFactory.getLogger(AuditMeters.class);

    private final AuditRepository ledger;
    private final AuditProperties settings;
    private final MultiGauge findings;
    private final MultiGauge age;

    AuditMeters(AuditRepository ledger, AuditProperties settings, MeterRegistry meters) {
        this.ledger = ledger;
        this.settings = settings;
        this.findings = MultiGauge.builder("portolan.audit.findings")
                .description("Disagreements that the last audit found")
                .register(meters);
        this.age = MultiGauge.builder("portolan.audit.age.seconds")
                .description("Since the last audit ended")
                .register(meters);
    }

    @Scheduled(fixedDelay = 15, timeUnit = TimeUnit.SECONDS)
    void count() {
        try {
            List<MeterRow> rows = ledger.meters(AuditRun.seconds(settings.grace()));
            findings.register(
                    rows.stream()
                            .<MultiGauge.Row<?>>mapMulti((row, sink) -> {
                                String kind = row.getKind();
                                if (kind != null) {
                                    sink.accept(MultiGauge.Row.of(
                                            Tags.of("cluster", row.getCluster(), "kind", kind), row.getCount()));
                                }
                            })
                            .toList(),
                    true);
            Map<String, Double> ages = new TreeMap<>();
            rows.forEach(row -> ages.put(row.getCluster(), row.getAge()));
            age.register(
                    ages.entrySet().stream()
                            .<MultiGauge.Row<?>>map(
                                    e -> MultiGauge.Row.of(Tags.of("cluster", e.getKey()), e.getValue()))
                            .toList(),
                    true);
        } catch (DataAccessException e) {
            log.debug("The ledger is not there to be counted: {}", e.getMessage());
        }
    }
}
