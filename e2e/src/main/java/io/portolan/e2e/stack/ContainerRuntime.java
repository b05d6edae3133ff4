package io.portolan.e2e.stack;

import io.portolan.testbed.Command;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.WorkerHost;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Calls the CNI executable as kubelet's runtime does: environment, network configuration on standard input. */
public final class ContainerRuntime {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int LONGEST_NAME = 20;
    private static final Duration KUBELETS_PATIENCE = Duration.ofMinutes(4);
    private static final String CONFIGURATION = """
            {"cniVersion":"1.1.0","name":"portolan","type":"portolan-cni"}""";

    private final Workspace workspace;
    private final Path plugin;
    private final String binaries;
    private final String namespace;

    ContainerRuntime(Workspace workspace, Path binaries, String namespace) {
        this.workspace = workspace;
        this.plugin = binaries.resolve("portolan-cni");
        this.binaries = binaries.toString();
        this.namespace = namespace;
    }

    /** A pod's namespace, before any plugin was called. */
    public Pod sandbox(WorkerHost node, String name) {
        return sandbox(node, name, UUID.randomUUID());
    }

    /** The same of a pod that a Kubernetes knows. */
    public Pod sandbox(WorkerHost node, String name, UUID uid) {
        String containerId = UUID.randomUUID().toString().replace("-", "");
        CniAnswer none = new CniAnswer(0, JSON.createObjectNode(), 0);
        return new Pod(name, uid, containerId, node, PodSandbox.create(workspace, label(name, containerId)), none);
    }

    /** No two sandboxes have the same, not even of one pod. */
    private static String label(String name, String containerId) {
        return name.substring(0, Math.min(name.length(), LONGEST_NAME)) + "-" + containerId.substring(0, 8);
    }

    /** Makes a namespace and calls ADD; the pod is there even where the plugin refused. */
    public Pod start(WorkerHost node, String name) {
        Pod pod = sandbox(node, name);
        return pod.with(call("ADD", pod));
    }

    /** The same for a pod that a Kubernetes knows. */
    public Pod start(WorkerHost node, String name, UUID uid) {
        Pod pod = sandbox(node, name, uid);
        return pod.with(call("ADD", pod));
    }

    /** Calls DEL, then removes the namespace, as a runtime does. */
    public CniAnswer stop(Pod pod) {
        CniAnswer deleted = call("DEL", pod);
        pod.sandbox().close();
        return deleted;
    }

    public CniAnswer call(String command, Pod pod) {
        return run(plugin(pod.node())
                .environment("CNI_COMMAND", command)
                .environment("CNI_CONTAINERID", pod.containerId())
                .environment("CNI_NETNS", pod.sandbox().path().toString())
                .environment("CNI_IFNAME", "eth0")
                .environment("CNI_PATH", binaries)
                .environment(
                        "CNI_ARGS",
                        "IgnoreUnknown=1;K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_INFRA_CONTAINER_ID=%s;K8S_POD_UID=%s"
                                .formatted(namespace, pod.name(), pod.containerId(), pod.uid())));
    }

    /** A command that is about no pod: STATUS or VERSION. */
    public CniAnswer call(String command, WorkerHost node) {
        return run(plugin(node).environment("CNI_COMMAND", command).environment("CNI_PATH", binaries));
    }

    private Command plugin(WorkerHost node) {
        return workspace
                .command(plugin.toString())
                .environment("PORTOLAN_CNI_SOCKET", socket(node).toString())
                .environment("PORTOLAN_CNI_QUEUE", queue(node).toString())
                .input(CONFIGURATION)
                .within(KUBELETS_PATIENCE);
    }

    static Path socket(WorkerHost node) {
        return node.directory().resolve("cni/cni.sock");
    }

    static Path queue(WorkerHost node) {
        return node.directory().resolve("cni-queue");
    }

    private static CniAnswer run(Command command) {
        Command.Result result = command.run();
        String out = result.stdout();
        JsonNode json = out.isBlank() ? JSON.createObjectNode() : JSON.readTree(out);
        return new CniAnswer(result.exitCode(), json, result.took().toNanos() / 1e6);
    }
}
