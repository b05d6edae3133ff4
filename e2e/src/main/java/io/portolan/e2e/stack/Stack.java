package io.portolan.e2e.stack;

import io.portolan.model.identity.TokenFile;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.WorkerHost;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One running Portolan with its network. Every part is a process that can be killed and started again.
 *
 * <p>Longer than most, because it is the one list of what a Portolan consists of and how each part is told of the others.
 */
public final class Stack implements AutoCloseable {
    /** The cluster that {@link #declareCluster} declares. */
    public static final String CLUSTER = "demo";

    /** Where its pods are. */
    static final String PODS = "10.4.0.0/16";

    private static final int IPAM_PORT = 8081;
    private static final int TOPOLOGY_PORT = 8082;
    private static final int LB_PORT = 8083;
    private static final int SECURITY_PORT = 8084;
    private static final int AGENT_PORT = 8085;
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    /** The secret by which services reach the API server. */
    public static final String KUBERNETES_SECRET = "demo-kubernetes";

    /** What kind of network the pods are on. */
    public enum Mode {
        OVERLAY("OVN central: northbound, southbound, northd"),
        UNDERLAY("OpenStack: Keystone, Neutron, Octavia and OVN, two hypervisors");

        private final String parts;

        Mode(String parts) {
            this.parts = parts;
        }
    }

    /** Told of every part that has started, in words, with the milliseconds it took. */
    public interface Progress {
        void started(String what, double milliseconds);

        /** Nobody watches. */
        Progress SILENT = (what, milliseconds) -> {};
    }

    /**
     * What may be other than usual.
     *
     * @param kubernetes where Services and pods are made, by an address that nodes reach
     * @param agents what the agent on a machine finds in its environment beside the usual
     */
    public record Variant(
            Function<String, KubernetesApi> kubernetes,
            Function<Workspace, Ledger> ledger,
            Function<WorkerHost, Map<String, String>> agents) {
        /** With Services at an API server in memory. */
        public static final Variant USUAL = new Variant(KubernetesApi::inMemory, Ledger::start, host -> Map.of());
    }

    /** A node with its agent. */
    public record Worker(WorkerHost host, Daemon agent, RestCalls introspection) {}

    private final Workspace workspace;
    private final Path checkout;
    private final Variant variant;
    private final Progress progress;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Worker> workers = new ConcurrentSkipListMap<>();
    private final DevIssuer issuer;
    private final Ledger ledger;
    private final StackNetwork network;
    private final Fabric fabric;
    private final Daemon ipam;
    private final Daemon topology;
    private final Daemon lb;
    private final Daemon security;
    private final KubernetesApi kubernetes;
    private final Path kubeconfig;
    private final ContainerRuntime runtime;

    private Stack(Workspace workspace, Path checkout, Mode mode, Variant variant, Progress progress) {
        this.workspace = workspace;
        this.variant = variant;
        this.checkout = checkout;
        this.progress = progress;
        fabric = Fabric.create(workspace);
        issuer = workspace.own(new DevIssuer(workspace.directory()));
        CompletableFuture<StackNetwork> networks = timed(mode.parts, () -> network(mode));
        CompletableFuture<KubernetesApi> apis = timed(
                "Kubernetes API for Services and pods",
                () -> workspace.own(variant.kubernetes().apply(fabric.rootAddress())));
        ledger = timed(
                        "PostgreSQL with the ledger's schema",
                        () -> variant.ledger().apply(workspace))
                .join();
        CompletableFuture<Daemon> starting = timed("ipam-service", () -> service("ipam-service", IPAM_PORT, Map.of()));
        kubernetes = apis.join();
        CompletableFuture<Daemon> startingLb = timed(
                "lb-sync-service",
                () -> service(
                        "lb-sync-service",
                        LB_PORT,
                        Map.of(
                                "PORTOLAN_LB_LEASE_NAMESPACE",
                                kubernetes.namespace(),
                                "PORTOLAN_LB_REOPEN",
                                "2s",
                                "PORTOLAN_LB_TOPOLOGY_URL",
                                url(fabric.rootAddress(), TOPOLOGY_PORT))));
        CompletableFuture<Daemon> startingSecurity =
                timed("security-service", () -> service("security-service", SECURITY_PORT, Map.of()));
        topology = timed(
                        "topology-service",
                        () -> service(
                                "topology-service",
                                TOPOLOGY_PORT,
                                Map.of("PORTOLAN_IPAMCLIENT_URL", url(fabric.rootAddress(), IPAM_PORT))))
                .join();
        ipam = starting.join();
        lb = startingLb.join();
        security = startingSecurity.join();
        ledger.secret("lb-sync-service", KUBERNETES_SECRET, "kubeconfig", kubernetes.kubeconfig());
        ledger.secret("security-service", KUBERNETES_SECRET, "kubeconfig", kubernetes.kubeconfig());
        kubeconfig = ledger.secret("node-agent", KUBERNETES_SECRET, "kubeconfig", kubernetes.kubeconfig());
        network = networks.join();
        if (network instanceof CloudNetwork cloud) {
            giveSecret(CloudNetwork.SECRET, cloud.cloudsYaml(cloud.tenant().project()));
        }
        runtime = new ContainerRuntime(workspace, checkout.resolve("cni/target"), kubernetes.namespace());
    }

    public static Stack start(Workspace workspace, Mode mode, Path checkout, Progress progress) {
        return start(workspace, mode, checkout, Variant.USUAL, progress);
    }

    /**
     * Starts the network, the ledger and the services, and no node yet. The workspace owns all of it.
     *
     * @param mode what kind of network the pods are on
     * @param checkout the directory of the checkout, built
     */
    public static Stack start(Workspace workspace, Mode mode, Path checkout, Variant variant, Progress progress) {
        try {
            return new Stack(workspace, checkout, mode, variant, progress);
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    private StackNetwork network(Mode mode) {
        return switch (mode) {
            case OVERLAY -> OvnNetwork.start(workspace, fabric);
            case UNDERLAY -> CloudNetwork.start(workspace, fabric);
        };
    }

    private <T> CompletableFuture<T> timed(String what, Supplier<T> step) {
        return CompletableFuture.supplyAsync(
                () -> {
                    long start = System.nanoTime();
                    T made = step.get();
                    progress.started(what, (System.nanoTime() - start) / 1e6);
                    return made;
                },
                threads);
    }

    private Daemon service(String module, int port, Map<String, String> more) {
        ServiceJar jar = ServiceJar.of(workspace, checkout, module);
        RestCalls calls = new RestCalls(url(fabric.rootAddress(), port));
        Daemon.Plan plan = workspace
                .daemon(module, jar.command(192))
                .environment("SERVER_ADDRESS", fabric.rootAddress())
                .environment("SERVER_PORT", Integer.toString(port))
                .environment(
                        "SPRING_CONFIG_ADDITIONALLOCATION",
                        issuer.configuration().toUri().toString())
                .environment("PORTOLAN_ACCESS_TOKENFILE", issuer.service(module).toString());
        ledger.environment(module).forEach(plan::environment);
        more.forEach(plan::environment);
        return plan.readyWhen("it answers that it is ready", d -> calls.answers("/actuator/health/readiness"))
                .readyWithin(START_LIMIT)
                .start();
    }

    private static String url(String address, int port) {
        return "http://" + address + ":" + port;
    }

    /** Mounts a credential of an OpenStack where the services that reach the network look for it. */
    public void giveSecret(String name, String cloudsYaml) {
        ledger.secret("topology-service", name, "clouds.yaml", cloudsYaml);
        ledger.secret("lb-sync-service", name, "clouds.yaml", cloudsYaml);
        ledger.secret("security-service", name, "clouds.yaml", cloudsYaml);
    }

    /** Declares the cluster: its pods in 10.4.0.0/16, on this stack's network. */
    public void declareCluster() {
        declare(CLUSTER, network.clusterSpec());
    }

    /** Declares another one. */
    public void declare(String cluster, Map<String, Object> spec) {
        topologyCalls().put("/v1/clusters/" + cluster, spec).ok();
    }

    /**
     * Says that the Services at the API server are this cluster's.
     *
     * @param externalCidrs addresses for those of type LoadBalancer
     */
    public void declareServices(String cluster, List<String> externalCidrs) {
        Map<String, Object> spec = Map.of(
                "kubernetes",
                Map.of("secretRef", KUBERNETES_SECRET),
                "loadBalancerClass",
                KubernetesApi.BALANCER_CLASS,
                "unclassed",
                false,
                "externalCidrs",
                externalCidrs);
        lbCalls().put("/v1/clusters/" + cluster + "/load-balancing", spec).ok();
    }

    /** Makes a node and starts its agent, which joins by itself. */
    public CompletableFuture<Worker> addNode(String name) {
        return timed("node " + name + ": its machine with an Open vSwitch, and node-agent", () -> {
            Worker worker = join(CLUSTER, network, network.addHost(name));
            workers.put(name, worker);
            return worker;
        });
    }

    /** Stops a node's agent and asks for the node to be deleted, its leased ports too; nothing runs there any more. */
    public void removeNode(Worker worker) {
        String name = worker.host().name();
        workers.remove(name);
        worker.agent().stop();
        topologyCalls().delete("/v1/clusters/" + CLUSTER + "/nodes/" + name + "?force=true");
        if (worker.host() instanceof NodeHost node) {
            node.leave();
        }
    }

    /** Starts an agent on a machine, which joins this cluster by itself. */
    public Worker join(String cluster, StackNetwork of, WorkerHost host) {
        return new Worker(host, agent(cluster, of, host), new RestCalls(url(host.managementAddress(), AGENT_PORT)));
    }

    private Daemon agent(String cluster, StackNetwork of, WorkerHost host) {
        RestCalls calls = new RestCalls(url(host.managementAddress(), AGENT_PORT));
        Daemon.Plan plan = host.daemon(
                        "node-agent",
                        ServiceJar.of(workspace, checkout, "node-agent").command(64))
                .environment("SERVER_ADDRESS", host.managementAddress())
                .environment("SERVER_PORT", Integer.toString(AGENT_PORT))
                .environment("PORTOLAN_AGENT_CLUSTER", cluster)
                .environment("PORTOLAN_AGENT_NODE", host.name())
                .environment(
                        "PORTOLAN_AGENT_TOKENFILE",
                        issuer.node(cluster, host.name()).toString())
                .environment("PORTOLAN_AGENT_TOPOLOGYURLS", topologyCalls().base())
                .environment("PORTOLAN_AGENT_IPAMURLS", ipamCalls().base())
                .environment("PORTOLAN_AGENT_SECURITY_URLS", securityCalls().base())
                .environment("PORTOLAN_AGENT_SECURITY_POLLEVERY", "2s")
                .environment("PORTOLAN_AGENT_KUBERNETES_KUBECONFIG", kubeconfig.toString())
                .environment(
                        "PORTOLAN_WIRING_SWITCHCONTROL", host.switchControl().toString())
                .environment("PORTOLAN_AGENT_OVSDB", host.ovsdb().unixRemote())
                .environment(
                        "PORTOLAN_AGENT_OVSDBCONTROL",
                        host.ovsdb().controlSocket().toString())
                .environment(
                        "PORTOLAN_AGENT_CACHEFILE",
                        host.directory().resolve("portolan.db").toString())
                .environment(
                        "PORTOLAN_CNI_SOCKET", ContainerRuntime.socket(host).toString())
                .environment("PORTOLAN_CNI_QUEUE", ContainerRuntime.queue(host).toString());
        of.machine(host).forEach(plan::environment);
        variant.agents().apply(host).forEach(plan::environment);
        return plan.readyWhen("it answers that it is ready", d -> calls.answers("/actuator/health/readiness"))
                .readyWithin(START_LIMIT)
                .start();
    }

    /** As whoever runs the stack. */
    private RestCalls calls(int port) {
        return new RestCalls(url(fabric.rootAddress(), port)).as(new TokenFile(issuer.operator()));
    }

    public RestCalls ipamCalls() {
        return calls(IPAM_PORT);
    }

    public RestCalls topologyCalls() {
        return calls(TOPOLOGY_PORT);
    }

    /** As the agent of a node of the stack's cluster calls, whose machine need not be there. */
    public RestCalls topologyCallsOf(String node) {
        return topologyCalls().as(new TokenFile(issuer.node(CLUSTER, node)));
    }

    public RestCalls lbCalls() {
        return calls(LB_PORT);
    }

    public RestCalls securityCalls() {
        return calls(SECURITY_PORT);
    }

    /** Where Services and pods are made. */
    public KubernetesApi kubernetes() {
        return kubernetes;
    }

    /** The file with the token of whoever runs the stack. */
    public Path operatorToken() {
        return issuer.operator();
    }

    public Ledger ledger() {
        return ledger;
    }

    public StackNetwork network() {
        return network;
    }

    /** An OVN beside this stack's network, for a cluster in overlay mode next to the others. */
    public StackNetwork overlayBeside() {
        return OvnNetwork.start(workspace.own(Workspace.create()), fabric);
    }

    public OvnCentral central() {
        return network.central();
    }

    public Daemon ipam() {
        return ipam;
    }

    public Daemon topology() {
        return topology;
    }

    public Daemon lb() {
        return lb;
    }

    public Daemon security() {
        return security;
    }

    /** Starts the programs in a pod that say its name over TCP and UDP. */
    public void respond(Pod pod) {
        Responders.start(workspace, pod.sandbox(), pod.name());
    }

    /** By name. */
    public Map<String, Worker> workers() {
        return Map.copyOf(workers);
    }

    public ContainerRuntime runtime() {
        return runtime;
    }

    @Override
    public void close() {
        threads.shutdownNow();
        workspace.close();
    }
}
