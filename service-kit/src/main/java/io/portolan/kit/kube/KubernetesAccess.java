package io.portolan.kit.kube;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Makes clients: by a mounted secret's {@code kubeconfig}, or with the credentials of the pod that this runs in. */
public final class KubernetesAccess {
    private final Path secrets;

    /** @param secrets the directory with one directory for each secret */
    public KubernetesAccess(Path secrets) {
        this.secrets = secrets;
    }

    /**
     * Connects to nobody yet.
     *
     * @throws IllegalStateException where there is no such secret, or where it cannot be read
     */
    public KubernetesClient client(@Nullable String secretRef) {
        if (secretRef == null) {
            return new KubernetesClientBuilder()
                    .withConfig(new ConfigBuilder().build())
                    .build();
        }
        Path file = secrets.resolve(secretRef).resolve("kubeconfig");
        if (!Files.isReadable(file)) {
            throw new IllegalStateException("secret '%s' has no kubeconfig here".formatted(secretRef));
        }
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(file.toFile()))
                .build();
    }
}
