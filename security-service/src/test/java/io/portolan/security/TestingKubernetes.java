package io.portolan.security;

import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An API server that keeps what it is given and tells its watchers; and a secret with the way to it. */
final class TestingKubernetes implements AutoCloseable {
    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), new KubernetesCrudDispatcher(), false);
    private final KubernetesClient client;

    TestingKubernetes(Path secrets, String secretRef) {
        server.init();
        client = server.createClient();
        kubeconfig(secrets, secretRef, server.getPort());
    }

    int port() {
        return server.getPort();
    }

    /** The way to an API server. */
    static void kubeconfig(Path secrets, String secretRef, int port) {
        try {
            Path file = Files.createDirectories(secrets.resolve(secretRef)).resolve("kubeconfig");
            Files.writeString(file, """
                    apiVersion: v1
                    kind: Config
                    current-context: it
                    contexts: [{name: it, context: {cluster: it, user: me}}]
                    clusters: [{name: it, cluster: {server: "http://127.0.0.1:%d"}}]
                    users: [{name: me, user: {token: it}}]
                    """.formatted(port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void namespace(String name, Map<String, String> labels) {
        client.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withLabels(labels)
                        .endMetadata()
                        .build())
                .createOr(NonDeletingOperation::update);
    }

    void pod(String namespace, String name, Map<String, String> labels, String address, ContainerPort... ports) {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("it")
                .withPorts(ports)
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withPodIP(address)
                .endStatus()
                .build();
        client.pods().resource(pod).createOr(NonDeletingOperation::update);
    }

    void deletePod(String namespace, String name) {
        client.pods().inNamespace(namespace).withName(name).delete();
    }

    /** Lets pods of one label speak to those of another, at one port of TCP. */
    NetworkPolicy allow(String namespace, String name, Map<String, String> pods, Map<String, String> peers, int port) {
        return allow(namespace, name, pods, peers, new IntOrString(port));
    }

    /** At the port that each of these pods means by that name. */
    NetworkPolicy allow(
            String namespace, String name, Map<String, String> pods, Map<String, String> peers, String port) {
        return allow(namespace, name, pods, peers, new IntOrString(port));
    }

    private NetworkPolicy allow(
            String namespace, String name, Map<String, String> pods, Map<String, String> peers, IntOrString port) {
        NetworkPolicy policy = new NetworkPolicyBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNewPodSelector()
                .withMatchLabels(pods)
                .endPodSelector()
                .addNewIngress()
                .addNewFrom()
                .withNewPodSelector()
                .withMatchLabels(peers)
                .endPodSelector()
                .endFrom()
                .addNewPort()
                .withProtocol("TCP")
                .withPort(port)
                .endPort()
                .endIngress()
                .endSpec()
                .build();
        return client.network().v1().networkPolicies().resource(policy).createOr(NonDeletingOperation::update);
    }

    void deletePolicy(String namespace, String name) {
        client.network()
                .v1()
                .networkPolicies()
                .inNamespace(namespace)
                .withName(name)
                .delete();
    }

    /** Reasons of the Events on an object. */
    List<String> events(String namespace, String name) {
        return client.v1().events().inNamespace(namespace).list().getItems().stream()
                .filter(event -> event.getInvolvedObject().getName().equals(name))
                .map(Event::getReason)
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }
}
