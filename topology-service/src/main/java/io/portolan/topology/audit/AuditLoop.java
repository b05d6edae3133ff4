package io.portolan.topology.audit;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.LoopSettings;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterId;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the reconciler; nothing wakes it but time. */
@Configuration(proxyBeanMethods = false)
class AuditLoop {
    private static final Duration MOST_OFTEN = Duration.ofSeconds(30);
    private static final Duration DEADLINE = Duration.ofMinutes(15);

    @Bean
    ReconcileLoop<ClusterId> auditReconcileLoop(
            AuditReconciler reconciler, LedgerLocks locks, MeterRegistry meters, AuditProperties properties) {
        Duration resync = properties.period().compareTo(MOST_OFTEN) < 0 ? properties.period() : MOST_OFTEN;
        return new ReconcileLoop<>(
                "audit",
                reconciler,
                locks,
                meters,
                LoopSettings.DEFAULT.workers(1).resync(resync).deadline(DEADLINE));
    }
}
