package io.portolan.security.profile;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterId;
import io.portolan.security.settings.SecurityProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the reconciler, woken by the ledger. */
@Configuration(proxyBeanMethods = false)
class ProfileLoop {
    @Bean
    ReconcileLoop<ClusterId> profileReconcileLoop(
            ProfileReconciler reconciler,
            LedgerLocks locks,
            LedgerChanges changes,
            MeterRegistry meters,
            SecurityProperties properties) {
        ReconcileLoop<ClusterId> loop = new ReconcileLoop<>(
                "security-profiles",
                reconciler,
                locks,
                meters,
                properties.profiles().settings());
        changes.subscribe(new LedgerChanges.Listener() {
            @Override
            public void changed(String table, String key) {
                if (table.equals("security_profile")) {
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
