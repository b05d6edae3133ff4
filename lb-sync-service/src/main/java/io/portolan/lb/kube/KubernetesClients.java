package io.portolan.lb.kube;

import io.portolan.kit.kube.KubernetesAccess;
import io.portolan.lb.settings.LbProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** How clients are made here. */
@Configuration(proxyBeanMethods = false)
class KubernetesClients {
    @Bean
    KubernetesAccess kubernetesAccess(LbProperties properties) {
        return new KubernetesAccess(properties.secrets());
    }
}
