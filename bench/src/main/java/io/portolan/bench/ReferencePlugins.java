package io.portolan.bench;

import io.portolan.testbed.Command;
import io.portolan.testbed.Namespace;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;

/** {@code bridge} with {@code host-local}, as Debian has them: what a node without a network of its own would use. */
final class ReferencePlugins {
    private static final Path PLUGINS = Path.of("/usr/lib/cni");

    private final Workspace workspace;
    private final Namespace node;
    private final String configuration;

    ReferencePlugins(Workspace workspace) {
        this.workspace = workspace;
        node = Namespace.create(workspace, "reference");
        configuration = """
                {"cniVersion":"1.0.0","name":"reference","type":"bridge","bridge":"cni0","isDefaultGateway":true,
                 "ipam":{"type":"host-local","dataDir":"%s","ranges":[[{"subnet":"10.88.0.0/16"}]]}}""".formatted(workspace.directory("host-local"));
    }

    Namespace node() {
        return node;
    }

    /** Milliseconds that the process took; a failure ends the measurement. */
    double call(String command, PodSandbox sandbox) {
        Command.Result result = workspace
                .command(PLUGINS.resolve("bridge").toString())
                .environment("CNI_COMMAND", command)
                .environment("CNI_CONTAINERID", sandbox.namespace().name())
                .environment("CNI_NETNS", sandbox.path().toString())
                .environment("CNI_IFNAME", "eth0")
                .environment("CNI_PATH", PLUGINS.toString())
                .input(configuration)
                .run();
        if (!result.succeeded()) {
            throw new IllegalStateException("bridge: " + result.stdout() + result.stderr());
        }
        return result.took().toNanos() / 1e6;
    }
}
