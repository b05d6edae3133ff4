package io.portolan.security.policy;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterId;
import io.portolan.security.settings.SecurityProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the reconciler, woken by the watches and by declarations. */
@Configuration(proxyBeanMethods = false)
class PolicyLoop {
    @Bean
    ReconcileLoop<ClusterId> policyReconcileLoop(
            PolicyReconciler reconciler,
            PolicyWatches watches,
            LedgerLocks locks,
            LedgerChanges changes,
            MeterRegistry meters,
            SecurityProperties properties) {
        ReconcileLoop<ClusterId> loop = new ReconcileLoop<>(
                "network-policies",
                reconciler,
                locks,
                meters,
                properties.policies().settings());
        watches.onChange(loop::wake);
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
