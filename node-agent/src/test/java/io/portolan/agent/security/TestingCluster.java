package io.portolan.agent.security;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.portolan.agent.KubernetesAccess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** An API server that keeps what it is given and tells its watchers. The agent's requests bear a token, and are written down. */
public final class TestingCluster implements AutoCloseable {
    private static final String TOKEN = "agent";
    private static final String ON_NODE = "on-node";

    private final List<String> requests = new CopyOnWriteArrayList<>();

    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesCrudDispatcher() {
                @Override
                public MockResponse dispatch(RecordedRequest request) {
                    if (("Bearer " + TOKEN).equals(request.getHeader("Authorization"))) {
                        requests.add(request.getMethod() + " " + request.getPath());
                    }
                    return super.dispatch(byLabel(request));
                }
            },
            false);
    private final KubernetesClient client;
    private final Path kubeconfig;

    /** This API server knows labels, and no other fields than names. */
    private static RecordedRequest byLabel(RecordedRequest request) {
        String path = request.getPath().replace("fieldSelector=spec.nodeName%3D", "labelSelector=" + ON_NODE + "%3D");
        return new RecordedRequest(
                request.getHttpVersion(), request.method(), path, request.getHeaders(), request.getBody());
    }

    public TestingCluster(Path directory) {
        server.init();
        client = server.createClient();
        kubeconfig = directory.resolve("kubeconfig");
        try {
            Files.writeString(kubeconfig, """
                    apiVersion: v1
                    kind: Config
                    current-context: it
                    contexts: [{name: it, context: {cluster: it, user: me}}]
                    clusters: [{name: it, cluster: {server: "http://127.0.0.1:%d"}}]
                    users: [{name: me, user: {token: %s}}]
                    """.formatted(server.getPort(), TOKEN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path kubeconfig() {
        return kubeconfig;
    }

    /** As the agent makes it. */
    public KubernetesClient agentsClient() {
        return KubernetesAccess.by(kubeconfig);
    }

    /** What the agent asked. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    public void namespace(String name, Map<String, String> annotations) {
        client.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withAnnotations(annotations)
                        .endMetadata()
                        .build())
                .createOr(NonDeletingOperation::update);
    }

    /** Its id, as kubelet names it. */
    public String pod(
            String node, String namespace, String name, Map<String, String> annotations, Map<String, String> labels) {
        Map<String, String> all = new HashMap<>(labels);
        all.put(ON_NODE, node);
        Pod pod = client.pods()
                .inNamespace(namespace)
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .withAnnotations(annotations)
                        .withLabels(all)
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName(node)
                        .endSpec()
                        .build())
                .create();
        return pod.getMetadata().getUid();
    }

    /** In the node's own network. */
    public void hostPod(String node, String namespace, String name) {
        client.pods()
                .inNamespace(namespace)
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .withLabels(Map.of(ON_NODE, node))
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName(node)
                        .withHostNetwork(true)
                        .endSpec()
                        .build())
                .create();
    }

    public void end(String namespace, String name) {
        client.pods()
                .inNamespace(namespace)
                .withName(name)
                .edit(pod -> new PodBuilder(pod)
                        .withNewStatus()
                        .withPhase("Succeeded")
                        .endStatus()
                        .build());
    }

    public void annotate(String namespace, String name, Map<String, String> annotations) {
        client.pods()
                .inNamespace(namespace)
                .withName(name)
                .edit(pod -> new PodBuilder(pod)
                        .editMetadata()
                        .withAnnotations(annotations)
                        .endMetadata()
                        .build());
    }

    public void delete(String namespace, String name) {
        client.pods().inNamespace(namespace).withName(name).withGracePeriod(0).delete();
    }

    /** Type, reason and message of the Events on a pod. */
    public List<String> events(String namespace, String pod) {
        return client.v1().events().inNamespace(namespace).list().getItems().stream()
                .filter(event -> event.getInvolvedObject().getName().equals(pod))
                .map((Event event) -> event.getType() + " " + event.getReason() + ": " + event.getMessage())
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }
}
