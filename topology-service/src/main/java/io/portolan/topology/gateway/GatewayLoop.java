package io.portolan.topology.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.ClusterId;
import io.portolan.topology.settings.TopologyProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the reconciler, woken by the ledger. */
@Configuration(proxyBeanMethods = false)
class GatewayLoop {
    @Bean
    ReconcileLoop<ClusterId> gatewayReconcileLoop(
            GatewayReconciler reconciler,
            LedgerLocks locks,
            LedgerChanges changes,
            MeterRegistry meters,
            TopologyProperties properties) {
        ReconcileLoop<ClusterId> loop = new ReconcileLoop<>(
                "gateway", reconciler, locks, meters, properties.gateways().settings());
        changes.subscribe(new LedgerChanges.Listener() {
            @Override
            public void changed(String table, String key) {
                if (table.equals("gateway") || table.equals("cluster")) {
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
