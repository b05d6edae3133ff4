package io.portolan.lb;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.NodeAddressBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An API server that keeps what it is given and tells its watchers; and a secret with the way to it. */
public final class TestingKubernetes implements AutoCloseable {
    private final ForgetfulApi api = new ForgetfulApi();
    private final KubernetesMockServer server =
            new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), api, false);
    private final KubernetesClient client;

    public TestingKubernetes(Path secrets, String secretRef) {
        server.init();
        client = server.createClient();
        try {
            Path file = Files.createDirectories(secrets.resolve(secretRef)).resolve("kubeconfig");
            Files.writeString(file, """
                    apiVersion: v1
                    kind: Config
                    current-context: it
                    contexts: [{name: it, context: {cluster: it, user: me}}]
                    clusters: [{name: it, cluster: {server: "http://127.0.0.1:%d"}}]
                    users: [{name: me, user: {token: %s}}]
                    """.formatted(server.getPort(), ForgetfulApi.TOKEN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Can be away, for the services and not for the test. */
    ForgetfulApi api() {
        return api;
    }

    /** Which replica is active. */
    String leader() {
        Lease lease = client.leases()
                .inNamespace("kube-system")
                .withName("portolan-lb-sync")
                .get();
        return lease == null || lease.getSpec().getHolderIdentity() == null
                ? ""
                : lease.getSpec().getHolderIdentity();
    }

    public KubernetesClient client() {
        return client;
    }

    public static Service clusterService(String name, String address) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("ns")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withType("ClusterIP")
                .withClusterIP(address)
                .withClusterIPs(address)
                .addNewPort()
                .withName("web")
                .withProtocol("TCP")
                .withPort(80)
                .withTargetPort(new IntOrString(8080))
                .endPort()
                .endSpec()
                .build();
    }

    public static Service loadBalancer(String name, String address) {
        return clusterService(name, address)
                .edit()
                .editSpec()
                .withType("LoadBalancer")
                .endSpec()
                .build();
    }

    public static EndpointSlice slice(String service, String... addresses) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace("ns")
                .withName(service + "-1")
                .withLabels(Map.of("kubernetes.io/service-name", service))
                .endMetadata()
                .withAddressType("IPv4")
                .addNewPort()
                .withName("web")
                .withProtocol("TCP")
                .withPort(8080)
                .endPort()
                .withEndpoints(Arrays.stream(addresses)
                        .map(address -> new EndpointBuilder()
                                .withAddresses(address)
                                .withNodeName("node-1")
                                .withNewConditions()
                                .withReady(true)
                                .endConditions()
                                .build())
                        .toList())
                .build();
    }

    /** A Service and its slice that were there before anybody watched. */
    public void keep(Service service, EndpointSlice slice) {
        api.keep(
                "/api/v1/namespaces/%s/services".formatted(service.getMetadata().getNamespace()), service);
        api.keep(
                "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices"
                        .formatted(slice.getMetadata().getNamespace()),
                slice);
    }

    public void apply(Service service) {
        client.services().resource(service).createOr(io.fabric8.kubernetes.client.dsl.NonDeletingOperation::update);
    }

    public void apply(EndpointSlice slice) {
        client.discovery()
                .v1()
                .endpointSlices()
                .resource(slice)
                .createOr(io.fabric8.kubernetes.client.dsl.NonDeletingOperation::update);
    }

    public void node(String name, String address) {
        client.nodes()
                .resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withNewStatus()
                        .withAddresses(
                                new NodeAddressBuilder()
                                        .withType("InternalIP")
                                        .withAddress(address)
                                        .build(),
                                new NodeAddressBuilder()
                                        .withType("Hostname")
                                        .withAddress(name)
                                        .build())
                        .endStatus()
                        .build())
                .create();
    }

    public void deleteService(String name) {
        client.services().inNamespace("ns").withName(name).delete();
    }

    public Service service(String name) {
        return client.services().inNamespace("ns").withName(name).get();
    }

    /** The address that the Service was given, or nothing. */
    public String ingress(String name) {
        Service service = service(name);
        return service.getStatus() == null
                        || service.getStatus().getLoadBalancer() == null
                        || service.getStatus().getLoadBalancer().getIngress().isEmpty()
                ? ""
                : service.getStatus().getLoadBalancer().getIngress().getFirst().getIp();
    }

    /** Reasons of the Events on a Service. */
    public List<String> events(String service) {
        return client.v1().events().inNamespace("ns").list().getItems().stream()
                .filter(event -> event.getInvolvedObject().getName().equals(service))
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
