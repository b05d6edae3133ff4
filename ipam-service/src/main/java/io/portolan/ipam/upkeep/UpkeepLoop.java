package io.portolan.ipam.upkeep;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.kit.loop.LoopSettings;
import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerLocks;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class UpkeepLoop {
    @Bean
    ReconcileLoop<Upkeep.Chore> upkeepRounds(
            Upkeep chores, UpkeepProperties properties, LedgerLocks locks, MeterRegistry meters) {
        return new ReconcileLoop<>(
                "ipam-upkeep",
                chores,
                locks,
                meters,
                LoopSettings.DEFAULT.workers(1).resync(properties.interval()));
    }
}
