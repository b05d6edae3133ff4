package io.portolan.security.edge;

import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Text of paths and queries becomes types. */
@Configuration(proxyBeanMethods = false)
class Edge implements WebMvcConfigurer {
    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, ClusterName.class, ClusterName::new);
        registry.addConverter(String.class, NodeId.class, NodeId::parse);
    }
}
