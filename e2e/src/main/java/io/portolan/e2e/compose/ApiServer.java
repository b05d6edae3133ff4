package io.portolan.e2e.compose;

import io.portolan.e2e.stack.KubernetesApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** An API server in memory until it is killed; leaves a kubeconfig with the way to it. */
final class ApiServer {
    private ApiServer() {}

    static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != 3) {
            throw new IllegalArgumentException("ApiServer takes the name that others know it by, a port, and a file");
        }
        Path kubeconfig = Path.of(arguments[2]);
        Files.deleteIfExists(kubeconfig);
        try (KubernetesApi api = KubernetesApi.inMemory("0.0.0.0", Integer.parseInt(arguments[1]), arguments[0])) {
            Path whole = kubeconfig.resolveSibling("." + kubeconfig.getFileName());
            Files.writeString(whole, api.kubeconfig());
            Files.move(whole, kubeconfig, StandardCopyOption.ATOMIC_MOVE);
            Thread.currentThread().join();
        }
    }
}
