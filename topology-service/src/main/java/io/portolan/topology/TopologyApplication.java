package io.portolan.topology;

import io.portolan.kit.loop.TwoLooks;
import io.portolan.topology.settings.TopologyProperties;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Starts the service. */
@SpringBootApplication
@ConfigurationPropertiesScan
@EnableScheduling
public class TopologyApplication {
    public static void main(String[] args) {
        SpringApplication.run(TopologyApplication.class, args);
    }

    @Bean
    TwoLooks orphans(TopologyProperties properties) {
        return new TwoLooks(properties.orphanAge());
    }
}
