package io.portolan.kit.document;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.servers.Server;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;

/** Gives every service's document its title and its examples. */
@AutoConfiguration
@ConditionalOnWebApplication
class DocumentAutoConfiguration {
    private static final String REFUSALS =
            " Every refusal is application/problem+json; each operation says for each type what to do.";

    @Bean
    OpenAPI document(
            @Value("${spring.application.name:}") String service,
            @Value("${portolan.document.description:}") String description) {
        return new OpenAPI()
                .info(new Info().title("Portolan " + service).version("v1").description(description + REFUSALS))
                .servers(List.of(new Server().url("/")));
    }

    @Bean
    ExamplesInDocument examplesInDocument() {
        return new ExamplesInDocument();
    }
}
