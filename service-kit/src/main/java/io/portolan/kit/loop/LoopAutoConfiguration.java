package io.portolan.kit.loop;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * Watches the loops of a service: health component {@code loops}. The service puts it into its liveness group: {@code
 * management.endpoint.health.group.liveness.include=livenessState,loops}.
 */
@AutoConfiguration
class LoopAutoConfiguration {
    @Bean("loops")
    LoopHealth loopHealth(ObjectProvider<ReconcileLoop<?>> loops) {
        return new LoopHealth(loops);
    }
}
