package io.portolan.topology.floating;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.FloatingIpId;
import io.portolan.topology.settings.TopologyProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the reconciler, woken by the ledger. */
@Configuration(proxyBeanMethods = false)
class FloatingIpLoop {
    @Bean
    ReconcileLoop<FloatingIpId> floatingIpReconcileLoop(
            FloatingIpReconciler reconciler,
            LedgerLocks locks,
            LedgerChanges changes,
            MeterRegistry meters,
            TopologyProperties properties) {
        ReconcileLoop<FloatingIpId> loop = new ReconcileLoop<>(
                "floating-ip", reconciler, locks, meters, properties.gateways().settings());
        changes.subscribe(new LedgerChanges.Listener() {
            @Override
            public void changed(String table, String key) {
                if (table.equals("floating_ip")) {
                    loop.wake(FloatingIpId.parse(key));
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
