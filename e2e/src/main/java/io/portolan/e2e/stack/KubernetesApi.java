package io.portolan.e2e.stack;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.LoadBalancerStatus;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.ServiceStatus;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.portolan.testbed.WorkerHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The API server that Services are made at: one in this process's memory, or a cluster's own. All of it is in a namespace of
 * our own, which goes with us; Services have no selectors, because the pods are none that a cluster knows, and hand-made
 * slices instead.
 */
public final class KubernetesApi implements AutoCloseable {
    /** Services of this class are ours, and no others. */
    public static final String BALANCER_CLASS = "portolan.io/demo";

    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String DEMO = "portolan-demo";

    private static final String ON_NODE = "portolan.io/demo-node";
    private static final String MADE_BY = "app.kubernetes.io/managed-by";

    /** Held, because a logger that nobody holds forgets its level. */
    private static final Logger EVERY_REQUEST = Logger.getLogger(MockWebServer.class.getName());

    /** How a Service of ours is reached: TCP 80 and UDP 53, by the names of its ports. */
    private enum Door {
        TCP(80, Responders.TCP_PORT),
        UDP(53, Responders.UDP_PORT);

        private final int port;
        private final int target;

        Door(int port, int target) {
            this.port = port;
            this.target = target;
        }

        private String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        private ServicePort ofService() {
            return new ServicePortBuilder()
                    .withName(label())
                    .withProtocol(name())
                    .withPort(port)
                    .withTargetPort(new IntOrString(target))
                    .build();
        }

        private EndpointPort ofSlice() {
            return new EndpointPortBuilder()
                    .withName(label())
                    .withProtocol(name())
                    .withPort(target)
                    .build();
        }
    }

    /** A pod as the endpoint of a Service. */
    public record Endpoint(String address, String node) {
        public static Endpoint of(Pod pod) {
            return new Endpoint(pod.address(), pod.node().name());
        }
    }

    /** The one in memory knows labels, and of fields names only; node agents ask for the pods of their node. */
    private static final class PodsByNode extends KubernetesCrudDispatcher {
        @Override
        public MockResponse dispatch(RecordedRequest request) {
            return super.dispatch(new RecordedRequest(
                    request.getHttpVersion(),
                    request.method(),
                    request.getPath().replace("fieldSelector=spec.nodeName%3D", "labelSelector=" + ON_NODE + "%3D"),
                    request.getHeaders(),
                    request.getBody()));
        }
    }

    private final KubernetesClient client;
    private final String kubeconfig;
    private final @Nullable KubernetesMockServer server;
    private final boolean inMemory;
    private final AtomicInteger addresses = new AtomicInteger(10);
    private final String namespace;

    private KubernetesApi(
            KubernetesClient client, String kubeconfig, @Nullable KubernetesMockServer server, boolean inMemory) {
        this.client = client;
        this.kubeconfig = kubeconfig;
        this.server = server;
        this.inMemory = inMemory;
        byte[] random = new byte[3];
        ThreadLocalRandom.current().nextBytes(random);
        namespace = "portolan-demo-" + HexFormat.of().formatHex(random);
        client.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .withLabels(Map.of(MADE_BY, DEMO))
                        .endMetadata()
                        .build())
                .create();
    }

    /**
     * One that keeps what it is given and tells its watchers, on a port of its own at this address. Its certificate is for
     * another name, and nobody looks at it.
     */
    public static KubernetesApi inMemory(String address) {
        return inMemory(address, 0, address);
    }

    /** The same on a given port, for others that know it by a name. */
    public static KubernetesApi inMemory(String address, int port, String name) {
        EVERY_REQUEST.setLevel(Level.WARNING);
        MockWebServer listener = new MockWebServer();
        KubernetesMockServer server =
                new KubernetesMockServer(new Context(), listener, new HashMap<>(), new PodsByNode(), true);
        server.init(InetAddress.ofLiteral(address), port);
        String here = address.equals("0.0.0.0") ? "127.0.0.1" : address;
        return new KubernetesApi(
                connect(anybody(here, server.getPort())), anybody(name, server.getPort()), server, true);
    }

    private static String anybody(String host, int port) {
        return """
                apiVersion: v1
                kind: Config
                current-context: demo
                contexts: [{name: demo, context: {cluster: demo, user: demo}}]
                clusters: [{name: demo, cluster: {server: "https://%s:%d", insecure-skip-tls-verify: true}}]
                users: [{name: demo, user: {}}]
                """.formatted(host, port);
    }

    /** One in another process's memory, which has a port of this machine. */
    public static KubernetesApi inMemoryOfAnother(int port) {
        String kubeconfig = anybody("127.0.0.1", port);
        return new KubernetesApi(connect(kubeconfig), kubeconfig, null, true);
    }

    /** The cluster that a kubeconfig leads to. */
    public static KubernetesApi of(Path kubeconfig) {
        String text = read(kubeconfig);
        return new KubernetesApi(connect(text), text, null, false);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static KubernetesClient connect(String kubeconfig) {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig))
                .build();
    }

    /** Whether nodes, which are network namespaces here, have a way to it. */
    public boolean isReachedByNodes() {
        return inMemory;
    }

    /** By which others reach it. */
    public String kubeconfig() {
        return kubeconfig;
    }

    public KubernetesClient client() {
        return client;
    }

    /** Ours. */
    public String namespace() {
        return namespace;
    }

    /**
     * Makes a Service with TCP port 80, UDP port 53, or both.
     *
     * @return its cluster address
     */
    public String expose(String name, String type, Calls.Transport... transports) {
        ServiceBuilder service = new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withType(type)
                .withLoadBalancerClass(type.equals("LoadBalancer") ? BALANCER_CLASS : null)
                .withPorts(Stream.of(transports)
                        .map(transport -> Door.valueOf(transport.name()).ofService())
                        .toList())
                .endSpec();
        if (inMemory) {
            String address = "10.96.0." + addresses.getAndIncrement();
            service.editSpec().withClusterIP(address).withClusterIPs(address).endSpec();
        }
        return client.services().resource(service.build()).create().getSpec().getClusterIP();
    }

    /** Changes a Service as {@code kubectl edit} does. */
    public void edit(String name, UnaryOperator<Service> change) {
        client.services().inNamespace(namespace).withName(name).edit(change);
    }

    /** Says who answers for a Service: its one slice holds these, all ready. */
    public void endpoints(String service, List<Endpoint> endpoints) {
        EndpointSlice slice = new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(service + "-1")
                .withLabels(Map.of(SERVICE_NAME, service, "endpointslice.kubernetes.io/managed-by", DEMO))
                .endMetadata()
                .withAddressType("IPv4")
                .withPorts(Stream.of(Door.values()).map(Door::ofSlice).toList())
                .withEndpoints(endpoints.stream()
                        .map(endpoint -> new EndpointBuilder()
                                .withAddresses(endpoint.address())
                                .withNodeName(endpoint.node())
                                .withNewConditions()
                                .withReady(true)
                                .endConditions()
                                .build())
                        .toList())
                .build();
        client.discovery().v1().endpointSlices().resource(slice).createOr(NonDeletingOperation::update);
    }

    /** Makes the object of a pod, which no kubelet runs, and says its UID. */
    public UUID pod(String name, WorkerHost node, Map<String, String> annotations) {
        return pod(name, node.name(), annotations);
    }

    /** The same on a node of this name. */
    public UUID pod(String name, String node, Map<String, String> annotations) {
        return UUID.fromString(client.pods()
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .withAnnotations(annotations)
                        .withLabels(Map.of(ON_NODE, node))
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName(node)
                        .addNewContainer()
                        .withName("none")
                        .withImage("none")
                        .endContainer()
                        .endSpec()
                        .build())
                .create()
                .getMetadata()
                .getUid());
    }

    /** Changes a pod's annotation as {@code kubectl annotate} does. */
    public void annotate(String pod, String key, String value) {
        client.pods()
                .inNamespace(namespace)
                .withName(pod)
                .edit(now -> now.edit()
                        .editMetadata()
                        .addToAnnotations(key, value)
                        .endMetadata()
                        .build());
    }

    /** Labels a pod as {@code kubectl label} does. */
    public void label(String pod, String key, String value) {
        client.pods()
                .inNamespace(namespace)
                .withName(pod)
                .edit(now -> now.edit()
                        .editMetadata()
                        .addToLabels(key, value)
                        .endMetadata()
                        .build());
    }

    /** Says what kubelet says of a pod that runs. */
    public void runs(String pod, String address) {
        client.pods()
                .inNamespace(namespace)
                .withName(pod)
                .editStatus(now -> now.edit()
                        .withNewStatus()
                        .withPhase("Running")
                        .withPodIP(address)
                        .endStatus()
                        .build());
    }

    /** Makes a NetworkPolicy that lets pods of these labels hear those of those, at one port of TCP, and nobody else. */
    public void letIn(String policy, Map<String, String> pods, Map<String, String> peers, int port) {
        client.network()
                .v1()
                .networkPolicies()
                .resource(new NetworkPolicyBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(policy)
                        .endMetadata()
                        .withNewSpec()
                        .withNewPodSelector()
                        .withMatchLabels(pods)
                        .endPodSelector()
                        .withPolicyTypes("Ingress")
                        .addNewIngress()
                        .addNewFrom()
                        .withNewPodSelector()
                        .withMatchLabels(peers)
                        .endPodSelector()
                        .endFrom()
                        .addNewPort()
                        .withProtocol("TCP")
                        .withNewPort(port)
                        .endPort()
                        .endIngress()
                        .endSpec()
                        .build())
                .create();
    }

    public void withdraw(String policy) {
        client.network()
                .v1()
                .networkPolicies()
                .inNamespace(namespace)
                .withName(policy)
                .delete();
    }

    public void deletePod(String name) {
        client.pods().inNamespace(namespace).withName(name).delete();
    }

    /** What {@code status.loadBalancer.ingress} has. */
    public Optional<String> ingress(String service) {
        return Optional.ofNullable(client.services()
                        .inNamespace(namespace)
                        .withName(service)
                        .get())
                .map(Service::getStatus)
                .map(ServiceStatus::getLoadBalancer)
                .map(LoadBalancerStatus::getIngress)
                .flatMap(all -> all.stream().findFirst())
                .map(LoadBalancerIngress::getIp);
    }

    /** Reasons and messages of the Events on a Service or a pod. */
    public List<String> events(String name) {
        return client.v1().events().inNamespace(namespace).list().getItems().stream()
                .filter(event -> name.equals(event.getInvolvedObject().getName()))
                .map(event -> event.getReason() + ": " + event.getMessage())
                .toList();
    }

    public void delete(String service) {
        client.services().inNamespace(namespace).withName(service).delete();
        client.discovery()
                .v1()
                .endpointSlices()
                .inNamespace(namespace)
                .withName(service + "-1")
                .delete();
    }

    /** Takes our namespace with all that is in it. */
    @Override
    public void close() {
        try (client) {
            client.network().v1().networkPolicies().inNamespace(namespace).delete();
            client.pods().inNamespace(namespace).delete();
            client.services().inNamespace(namespace).delete();
            client.discovery().v1().endpointSlices().inNamespace(namespace).delete();
            client.namespaces().withName(namespace).delete();
        } finally {
            if (server != null) {
                server.destroy();
            }
        }
    }
}
