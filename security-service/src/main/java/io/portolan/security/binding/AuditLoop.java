package io.portolan.security.binding;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.NodeId;
import io.portolan.security.settings.SecurityProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the audit, by the timer alone. */
@Configuration(proxyBeanMethods = false)
class AuditLoop {
    @Bean
    ReconcileLoop<NodeId> auditReconcileLoop(
            AuditReconciler reconciler, LedgerLocks locks, MeterRegistry meters, SecurityProperties properties) {
        return new ReconcileLoop<>(
                "security-audit", reconciler, locks, meters, properties.audit().settings());
    }
}
