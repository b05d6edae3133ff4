package io.portolan.lb;

import io.portolan.lb.settings.LbProperties;
import io.portolan.networks.Secrets;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;

/** Starts the service. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class LbSyncApplication {
    public static void main(String[] args) {
        SpringApplication.run(LbSyncApplication.class, args);
    }

    @Bean
    Secrets secrets(LbProperties properties) {
        return new Secrets(properties.secrets());
    }
}
