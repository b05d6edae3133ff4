package io.portolan.topology.node;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.NodeId;
import io.portolan.topology.network.CreationBudget;
import io.portolan.topology.settings.TopologyProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs the reconciler, woken by the ledger. */
@Configuration(proxyBeanMethods = false)
class NodeLoop {
    @Bean
    ReconcileLoop<NodeId> nodeReconcileLoop(
            NodeReconciler reconciler,
            LedgerLocks locks,
            LedgerChanges changes,
            MeterRegistry meters,
            CreationBudget budget,
            TopologyProperties properties) {
        ReconcileLoop<NodeId> loop = new ReconcileLoop<>(
                "node", reconciler, locks, meters, properties.nodes().settings());
        budget.calls(loop::wake);
        changes.subscribe(new LedgerChanges.Listener() {
            @Override
            public void changed(String table, String key) {
                if (table.equals("node")) {
                    loop.wake(NodeId.parse(key));
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
