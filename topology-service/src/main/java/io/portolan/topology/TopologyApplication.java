package io.portolan.topology;

import io.portolan.kit.loop.TwoLooks;
import io.portolan.networks.Secrets;
import io.portolan.topology.settings.TopologyProperties;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;

/** Starts the service. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class TopologyApplication {
    public static void main(String[] args) {
        SpringApplication.run(TopologyApplication.class, args);
    }

    @Bean
    Secrets secrets(TopologyProperties properties) {
        return new Secrets(properties.secrets());
    }

    @Bean
    TwoLooks orphans(TopologyProperties properties) {
        return new TwoLooks(properties.orphanAge());
    }
}
