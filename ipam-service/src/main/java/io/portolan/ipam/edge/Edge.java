package io.portolan.ipam.edge;

import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
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
        registry.addConverter(String.class, PortId.class, PortId::parse);
        registry.addConverter(String.class, PortState.class, PortState::parse);
        registry.addConverter(String.class, IpAddress.class, IpAddress::parse);
    }
}
