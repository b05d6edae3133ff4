package io.portolan.agent;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The API server that says which profiles pods name; with neither of the two, pods name none.
 *
 * @param kubeconfig a file with the way to it
 * @param inCluster whether to use the credentials of the pod that the agent runs in
 * @param callTimeout of a question to it
 */
public record KubernetesProperties(
        @Nullable Path kubeconfig,
        @DefaultValue("false") boolean inCluster,
        @DefaultValue("5s") Duration callTimeout) {
    public KubernetesProperties {
        if (kubeconfig != null && inCluster) {
            throw new IllegalArgumentException("portolan.agent.kubernetes has a kubeconfig or in-cluster, not both");
        }
        if (!callTimeout.isPositive()) {
            throw new IllegalArgumentException("portolan.agent.kubernetes.call-timeout is positive");
        }
    }

    /** Connects to nobody yet. */
    Optional<KubernetesClient> client() {
        if (kubeconfig == null && !inCluster) {
            return Optional.empty();
        }
        if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
            throw new IllegalStateException(
                    "portolan.agent.kubernetes.kubeconfig: %s cannot be read".formatted(kubeconfig));
        }
        ConfigBuilder config = kubeconfig == null
                ? new ConfigBuilder()
                : new ConfigBuilder(Config.fromKubeconfig(kubeconfig.toFile()));
        int millis = Math.toIntExact(callTimeout.toMillis());
        return Optional.of(new KubernetesClientBuilder()
                .withHttpClientFactory(new JdkHttpClientFactory())
                .withConfig(config.withConnectionTimeout(millis)
                        .withRequestTimeout(millis)
                        .withRequestRetryBackoffLimit(1)
                        .build())
                .build());
    }
}
