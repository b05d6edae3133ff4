package io.portolan.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.time.Duration;

/** The agent's way to the API server, for tests of other packages. */
public final class KubernetesAccess {
    private KubernetesAccess() {}

    public static KubernetesClient by(Path kubeconfig) {
        return new KubernetesProperties(kubeconfig, false, Duration.ofSeconds(5))
                .client()
                .orElseThrow();
    }
}
