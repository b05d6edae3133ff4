package io.portolan.networks;

import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.retry.RetryRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Gives its {@link Networks} to a service that says where its secrets are. */
@AutoConfiguration
@ConditionalOnBean(Secrets.class)
@EnableScheduling
class NetworksAutoConfiguration {
    @Bean
    OvnNetworks ovnNetworks(SslBundles bundles) {
        return new OvnNetworks(bundles);
    }

    @Bean
    NeutronNetworks neutronNetworks(Secrets secrets, MeterRegistry meters) {
        return new NeutronNetworks(secrets.directory(), meters);
    }

    @Bean
    Networks clusterNetworks(
            List<NetworkKind> kinds,
            CircuitBreakerRegistry breakers,
            RetryRegistry retries,
            BulkheadRegistry bulkheads,
            TimeLimiterRegistry limiters,
            ObjectProvider<CloudPressure> pressure) {
        return new Networks(kinds, breakers, retries, bulkheads, limiters, pressure.getIfAvailable(() -> cloud -> {}));
    }
}
