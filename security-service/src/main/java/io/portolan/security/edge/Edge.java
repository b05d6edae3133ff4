package io.portolan.security.edge;

import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.swagger.v3.oas.annotations.OpenAPIDefinition;
import io.swagger.v3.oas.annotations.info.Info;
import io.swagger.v3.oas.annotations.servers.Server;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Text of paths and queries becomes types. */
@OpenAPIDefinition(
        info =
                @Info(
                        title = "Portolan security-service",
                        version = "v1",
                        description =
                                "What pods' ports let through: security profiles, bindings, and pools of ports."
                                        + " Every refusal is application/problem+json; docs/http.md says for each type what to do."),
        servers = @Server(url = "/"))
@Configuration(proxyBeanMethods = false)
class Edge implements WebMvcConfigurer {
    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, ClusterName.class, ClusterName::new);
        registry.addConverter(String.class, NodeId.class, NodeId::parse);
    }
}
