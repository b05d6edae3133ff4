package io.portolan.ipam.edge;

import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
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
                        title = "Portolan ipam-service",
                        version = "v1",
                        description =
                                "What is whose, ever: pools, subnets, ports, claims, and the history of every address."
                                        + " Every refusal is application/problem+json; docs/http.md says for each type what to do."),
        servers = @Server(url = "/"))
@Configuration(proxyBeanMethods = false)
class Edge implements WebMvcConfigurer {
    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, ClusterName.class, ClusterName::new);
        registry.addConverter(String.class, NodeId.class, NodeId::parse);
        registry.addConverter(String.class, PortId.class, PortId::parse);
        registry.addConverter(String.class, PortState.class, PortState::parse);
        registry.addConverter(String.class, IpAddress.class, IpAddress::parse);
    }
}
