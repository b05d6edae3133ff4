package io.portolan.security;

import io.portolan.kit.loop.TwoLooks;
import io.portolan.networks.Secrets;
import io.portolan.security.settings.SecurityProperties;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;

/** Starts the service. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class SecurityApplication {
    public static void main(String[] args) {
        SpringApplication.run(SecurityApplication.class, args);
    }

    @Bean
    Secrets secrets(SecurityProperties properties) {
        return new Secrets(properties.secrets());
    }

    @Bean
    TwoLooks orphans(SecurityProperties properties) {
        return new TwoLooks(properties.orphanAge());
    }
}
