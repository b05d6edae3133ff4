package io.portolan.e2e.demo;

import io.portolan.e2e.demo.Checks.Finding;
import io.portolan.e2e.stack.Calls.Transport;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.KubernetesApi.Endpoint;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.testbed.Command;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code ./portolan demo --compose}: the demo's main checks against the containers of {@code docker-compose.yml}, which the
 * launcher has started under a project of its own and takes down. All that is done on a node is done in its containers: the
 * plugin runs beside the agent, what runs in a pod runs in the container that stands for the node's pods.
 *
 * <p>Longer than most, because it reads from top to bottom as what it shows.
 */
final class ComposeDemo {
    private static final String CLUSTER = "demo";
    private static final String PATH = "/v1/clusters/" + CLUSTER;
    private static final String OFFLINE = "pod-offline";
    private static final int DOOR = 8080;
    private static final int MANY = 40;
    private static final List<String> SERVICES =
            List.of("topology-service", "ipam-service", "lb-sync-service", "security-service");
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String CONFIGURATION = """
            {"cniVersion":"1.1.0","name":"portolan","type":"portolan-cni"}""";

    private static final String SERVER = """
            import socket, sys
            s = socket.create_server(('0.0.0.0', int(sys.argv[1])), backlog=64)
            while True:
                c, _ = s.accept()
                with c:
                    c.recv(2048)
                    c.sendall(sys.argv[2].encode())
            """;

    private static final String CLIENT = """
            import socket, sys
            for i in range(int(sys.argv[3])):
                try:
                    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3) as s:
                        s.settimeout(3)
                        s.sendall(b'hello')
                        print(s.recv(2048).decode())
                except OSError as e:
                    print('!', type(e).__name__)
            """;

    /** @param node its number */
    private record Pod(String name, int node, UUID uid, String container, String address) {
        String namespace() {
            return "/run/netns/" + name;
        }

        Pod at(String where) {
            return new Pod(name, node, uid, container, where);
        }
    }

    private final Screen screen;
    private final Checks checks;
    private final Workspace workspace;
    private final RestCalls topology;
    private final RestCalls ipam;
    private final RestCalls lb;
    private final RestCalls portal;
    private final KubernetesApi kubernetes;

    private ComposeDemo(Screen screen, Workspace workspace) {
        this.screen = screen;
        this.workspace = workspace;
        checks = new Checks(screen);
        topology = calls("topology-service", 8082);
        ipam = calls("ipam-service", 8081);
        lb = calls("lb-sync-service", 8083);
        portal = calls("portal", 8080);
        kubernetes = KubernetesApi.inMemoryOfAnother(port("kubernetes", 6443));
    }

    static void main(String[] arguments) {
        boolean json = List.of(arguments).equals(List.of("--json"));
        if (arguments.length > 0 && !json) {
            System.err.println("portolan: demo --compose takes --json, not " + String.join(" ", arguments));
            System.exit(2);
        }
        boolean held;
        try (Workspace workspace = Workspace.create()) {
            ComposeDemo demo = new ComposeDemo(new Screen(json), workspace);
            demo.run();
            held = demo.checks.allHold();
            demo.screen.finish(demo.checks);
        }
        System.exit(held ? 0 : 1);
    }

    private void run() {
        screen.step("Swagger UI of all services is on one page");
        checks.check("the portal leads to " + String.join(", ", SERVICES), this::onOnePage);
        screen.step("A cluster is declared, two nodes join: their ports are made before any pod is there");
        topology.put(PATH, overlay()).ok();
        for (int node : List.of(1, 2)) {
            checks.check("all ports of node-" + node + " are free, its cache is warm", () -> warm(node));
        }
        screen.step("Four pods start: the CNI executable takes a port from the node's cache");
        List<Pod> pods = IntStream.range(0, 4)
                .mapToObj(i -> started("pod-" + (char) ('a' + i), 1 + i % 2))
                .toList();
        if (checks.allHold()) {
            pods.forEach(this::answerIn);
            matrix(pods);
            String address = service(pods);
            withoutControlPlane(pods, address);
            deleteOne(pods.getLast());
            checks.audit(topology, CLUSTER);
        }
        screen.step("Only ./portolan demo has: north-south (there is no outside), UDP and a Service's shrinking,"
                + " security profiles and NetworkPolicies");
    }

    private static Map<String, Object> overlay() {
        return Map.of(
                "mode",
                "overlay",
                "podCidrs",
                List.of("10.4.0.0/16"),
                "mtu",
                1400,
                "backend",
                Map.of("endpoints", "tcp:ovn-central:6641", "southbound", "tcp:ovn-central:6642"));
    }

    // ---------------------------------------------------------------- containers

    private Command compose(String... arguments) {
        List<String> all = new ArrayList<>(List.of("docker", "compose"));
        all.addAll(List.of(arguments));
        return workspace.command(all.toArray(String[]::new)).within(Duration.ofMinutes(4));
    }

    /** The port of this machine that leads to a container's. */
    private int port(String container, int of) {
        String address =
                compose("port", container, Integer.toString(of)).output().strip();
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    private RestCalls calls(String container, int port) {
        return new RestCalls("http://127.0.0.1:" + port(container, port));
    }

    private Command.Result inPod(Pod pod, String... program) {
        List<String> all = new ArrayList<>(
                List.of("exec", "-T", "pods-" + pod.node(), "nsenter", "--net=/proc/1/root" + pod.namespace()));
        all.addAll(List.of(program));
        return compose(all.toArray(String[]::new)).run();
    }

    private Command.Result plugin(int node, String command, Map<String, String> environment) {
        List<String> all = new ArrayList<>(List.of("exec", "-T"));
        environment.forEach((name, value) -> all.addAll(List.of("-e", name + "=" + value)));
        all.addAll(List.of(
                "-e",
                "CNI_COMMAND=" + command,
                "-e",
                "CNI_PATH=/opt/portolan",
                "agent-" + node,
                "/opt/portolan/portolan-cni"));
        return compose(all.toArray(String[]::new)).input(CONFIGURATION).run();
    }

    private Command.Result plugin(Pod pod, String command) {
        return plugin(
                pod.node(),
                command,
                Map.of(
                        "CNI_CONTAINERID",
                        pod.container(),
                        "CNI_NETNS",
                        pod.namespace(),
                        "CNI_IFNAME",
                        "eth0",
                        "CNI_ARGS",
                        "IgnoreUnknown=1;K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_INFRA_CONTAINER_ID=%s;K8S_POD_UID=%s"
                                .formatted(kubernetes.namespace(), pod.name(), pod.container(), pod.uid())));
    }

    // ---------------------------------------------------------------- checks

    private Finding onOnePage() {
        String page = portal.text("/");
        List<String> missing = SERVICES.stream()
                .filter(service -> !page.contains('"' + service + '"')
                        || !portal.get("/" + service + "/v3/api-docs")
                                .body()
                                .path("openapi")
                                .asString("")
                                .startsWith("3."))
                .toList();
        int through = portal.get("/topology-service/v1/clusters").status();
        return new Finding(missing.isEmpty() && through == 200, "without " + missing + ", a call ends with " + through);
    }

    private Finding warm(int node) {
        String path = PATH + "/nodes/node-" + node;
        boolean ready = Checks.eventually(
                () -> "ready".equals(topology.get(path).body().path("state").asString()));
        AtomicReference<String> said = new AtomicReference<>("");
        boolean serving = Checks.eventually(() -> {
            Command.Result status = plugin(node, "STATUS", Map.of());
            said.set(status.stdout() + status.stderr());
            return status.succeeded();
        });
        return new Finding(ready && serving, topology.get(path).body() + " " + said.get());
    }

    private Pod started(String name, int node) {
        return started(name, node, kubernetes.pod(name, "node-" + node, Map.of()));
    }

    private Pod started(String name, int node, UUID uid) {
        Pod pod = new Pod(name, node, uid, uid.toString().replace("-", ""), "");
        AtomicReference<String> address = new AtomicReference<>("");
        checks.check("ADD " + name + " on node-" + node, () -> {
            compose("exec", "-T", "agent-" + node, "ip", "netns", "add", name).output();
            Command.Result added = plugin(pod, "ADD");
            if (added.succeeded()) {
                address.set(JSON.readTree(added.stdout())
                        .path("ips")
                        .path(0)
                        .path("address")
                        .asString()
                        .split("/", 2)[0]);
            }
            return new Finding(added.succeeded(), added.stdout() + added.stderr());
        });
        return pod.at(address.get());
    }

    private void answerIn(Pod pod) {
        compose(
                        "exec",
                        "-d",
                        "-T",
                        "pods-" + pod.node(),
                        "nsenter",
                        "--net=/proc/1/root" + pod.namespace(),
                        "python3",
                        "-c",
                        SERVER,
                        Integer.toString(DOOR),
                        pod.name())
                .output();
    }

    /** Who answered each of so many calls; an error's name behind a mark where nobody did. */
    private List<String> answers(Pod from, String address, int port, int count) {
        return inPod(from, "python3", "-c", CLIENT, address, Integer.toString(port), Integer.toString(count))
                .stdout()
                .lines()
                .toList();
    }

    private void matrix(List<Pod> pods) {
        screen.step("Everybody pings everybody, and exchanges a line over TCP");
        for (Pod from : pods) {
            for (Pod to : pods) {
                if (!from.equals(to)) {
                    String way = from.name() + " → " + to.name() + (from.node() == to.node() ? "" : ", elsewhere");
                    checks.check("ping and tcp " + way, () -> {
                        Command.Result ping =
                                inPod(from, "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", to.address());
                        List<String> said = answers(from, to.address(), DOOR, 1);
                        return new Finding(ping.succeeded() && said.equals(List.of(to.name())), ping.stdout() + said);
                    });
                }
            }
        }
    }

    private String service(List<Pod> pods) {
        screen.step("A Service of Kubernetes: one address for the pods of both nodes");
        lb.put(
                        PATH + "/load-balancing",
                        Map.of(
                                "kubernetes",
                                Map.of("secretRef", "kubernetes"),
                                "loadBalancerClass",
                                KubernetesApi.BALANCER_CLASS,
                                "unclassed",
                                false,
                                "externalCidrs",
                                List.of()))
                .ok();
        String address = kubernetes.expose("web", "ClusterIP", Transport.TCP);
        kubernetes.endpoints(
                "web",
                pods.stream()
                        .map(pod -> new Endpoint(pod.address(), "node-" + pod.node()))
                        .toList());
        for (Pod from : pods.subList(0, 2)) {
            checks.check(
                    "service %s from %s on node-%d: both nodes answer".formatted(address, from.name(), from.node()),
                    () -> {
                        boolean there = Checks.eventually(() -> answers(from, address, Services.TCP, 1).stream()
                                .noneMatch(said -> said.startsWith("!")));
                        return byBothNodes(there, answers(from, address, Services.TCP, MANY), pods);
                    });
        }
        return address;
    }

    private static Finding byBothNodes(boolean there, List<String> said, List<Pod> pods) {
        Set<Integer> nodes = pods.stream()
                .filter(pod -> said.contains(pod.name()))
                .map(Pod::node)
                .collect(Collectors.toCollection(TreeSet::new));
        boolean all = said.size() == MANY && said.stream().noneMatch(each -> each.startsWith("!"));
        return new Finding(there && all && nodes.size() == 2, said.toString());
    }

    private void withoutControlPlane(List<Pod> pods, String address) {
        screen.step("The control plane is stopped, OVN's too, and a pod starts all the same");
        UUID uid = kubernetes.pod(OFFLINE, "node-1", Map.of());
        List<String> paused = new ArrayList<>(SERVICES);
        paused.add("ovn-central");
        pause("pause", paused);
        try {
            Pod offline = started(OFFLINE, 1, uid);
            checks.check("DEL " + offline.name(), () -> deleted(offline));
            checks.check(
                    "service web answers all the same",
                    () -> byBothNodes(true, answers(pods.getFirst(), address, Services.TCP, MANY), pods));
        } finally {
            pause("unpause", paused);
        }
    }

    private void pause(String verb, List<String> containers) {
        List<String> all = new ArrayList<>(List.of(verb));
        all.addAll(containers);
        compose(all.toArray(String[]::new)).output();
    }

    private Finding deleted(Pod pod) {
        Command.Result deleted = plugin(pod, "DEL");
        compose("exec", "-T", "agent-" + pod.node(), "ip", "netns", "del", pod.name())
                .output();
        return new Finding(deleted.succeeded(), deleted.stdout() + deleted.stderr());
    }

    private void deleteOne(Pod pod) {
        screen.step("A pod is deleted: its address rests before anybody gets it again");
        checks.check("DEL " + pod.name(), () -> deleted(pod));
        String address = PATH + "/addresses/" + pod.address();
        checks.check("the ledger has " + pod.address() + " cooling", () -> {
            boolean cooling = Checks.eventually(() -> "cooling"
                    .equals(ipam.get(address).body().path("port").path("state").asString()));
            return new Finding(cooling, ipam.get(address).body().toString());
        });
        checks.check("the ledger's history names " + pod.name() + " as the last holder", () -> {
            JsonNode history = ipam.get(address + "/history").body();
            return new Finding(history.toString().contains(pod.name()), history.toString());
        });
    }
}
