package io.portolan.security.enforcement;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterId;
import io.portolan.security.settings.SecurityProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the reconciler, woken by the ledger; nodes that join are found by the timer, or by their first binding. */
@Configuration(proxyBeanMethods = false)
class EnforcementLoop {
    @Bean
    ReconcileLoop<ClusterId> enforcementReconcileLoop(
            EnforcementReconciler reconciler,
            LedgerLocks locks,
            LedgerChanges changes,
            MeterRegistry meters,
            SecurityProperties properties) {
        ReconcileLoop<ClusterId> loop = new ReconcileLoop<>(
                "security-enforcement",
                reconciler,
                locks,
                meters,
                properties.enforcement().settings());
        changes.subscribe(new LedgerChanges.Listener() {
            @Override
            public void changed(String table, String key) {
                if (table.equals("security")) {
                    loop.wake(ClusterId.parse(key));
                }
            }

            @Override
            public void mayHaveMissed() {
                loop.wakeAll();
            }
        });
        return loop;
    }
}
