package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.portolan.e2e.stack.Calls.Transport;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.KubernetesApi.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubernetesApiTest {
    @TempDir
    private Path directory;

    @Test
    void nothingIsLeftInAClusterThatAKubeconfigLedTo() throws IOException {
        try (KubernetesApi cluster = KubernetesApi.inMemory("127.0.0.1")) {
            KubernetesClient client = cluster.client();
            Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), cluster.kubeconfig());
            cluster.expose("theirs", "ClusterIP", Transport.TCP);
            try (KubernetesApi visiting = KubernetesApi.of(kubeconfig)) {
                visiting.expose("ours", "ClusterIP", Transport.UDP);
                visiting.endpoints("ours", List.of(new Endpoint("10.4.0.2", "node-1")));
                assertThat(client.services().inAnyNamespace().list().getItems()).hasSize(2);
                assertThat(visiting.namespace()).isNotEqualTo(cluster.namespace());
            }
            assertThat(client.services().inAnyNamespace().list().getItems())
                    .extracting(service -> service.getMetadata().getName())
                    .containsExactly("theirs");
            assertThat(client.discovery()
                            .v1()
                            .endpointSlices()
                            .inAnyNamespace()
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(client.namespaces().list().getItems())
                    .extracting(namespace -> namespace.getMetadata().getName())
                    .containsExactly(cluster.namespace());
        }
    }
}
