package io.portolan.sdn.ovn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnSecurity.Binding;
import io.portolan.sdn.SdnSecurity.Taken;
import io.portolan.sdn.SwitchSpec;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which connections pass between pods whose profiles are narrowed by policies. */
class PolicyTrafficTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration ALLOWED = Duration.ofSeconds(6);
    private static final Duration DENIED = Duration.ofMillis(700);
    private static final int[] SERVED = {8080, 8081, 9000};

    private static final String SENDER = """
            import socket, sys, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            print('sends', flush=True)
            while True:
                try:
                    s.sendto(b'hello', (sys.argv[1], int(sys.argv[2])))
                except OSError:
                    pass
                time.sleep(0.01)
            """;
    private static final String HEARER = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', int(sys.argv[1])))
            print('listens', flush=True)
            while True:
                print('heard', s.recvfrom(2048)[1][0], flush=True)
            """;
    private static final String ECHO = """
            import socketserver, sys
            class Echo(socketserver.StreamRequestHandler):
                def handle(self):
                    for line in self.rfile:
                        self.wfile.write(line)
            class Server(socketserver.ThreadingTCPServer):
                allow_reuse_address = True
                daemon_threads = True
            server = Server(('0.0.0.0', int(sys.argv[1])), Echo)
            print('listens', flush=True)
            server.serve_forever()
            """;

    /** Ends at the first answer that is not what it said. */
    private static final String TALKER = """
            import itertools, socket, sys, time
            f = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60).makefile('rwb')
            for i in itertools.count():
                f.write(b'%d\\n' % i)
                f.flush()
                if f.readline() != b'%d\\n' % i:
                    sys.exit(1)
                print('said', i, flush=True)
                time.sleep(0.01)
            """;

    private record Node(NodeId id, NodeHost host, SubnetId subnet, Cidr cidr) {}

    private record Pod(Node node, PortId port, IpAddress address, PodSandbox sandbox) {
        Binding in(String... groups) {
            return new Binding(port, node.id(), port.toString(), Set.of(groups));
        }
    }

    private static final Map<String, Pod> pods = new LinkedHashMap<>();
    private static final List<Node> nodes = new ArrayList<>();
    private static Workspace workspace;
    private static TestingCentral northbound;
    private static SdnBackend backend;
    private static String any;

    @BeforeAll
    static void start() {
        pods.clear();
        nodes.clear();
        workspace = Workspace.create();
        try {
            Fabric fabric = Fabric.create(workspace);
            OvnCentral central = OvnCentral.in(workspace).start();
            List<NodeHost> hosts = NodeHost.start(workspace, fabric, central, "node-1", "node-2");
            northbound = new TestingCentral(central.northbound().unixRemote());
            backend = northbound.backend(ClusterId.random());
            String router = backend.topology()
                    .ensureRouter(new RouterSpec(new ClusterName("narrow"), List.of(Cidr.parse("10.4.0.0/16")), null))
                    .id();
            join(hosts.get(0), router, 1);
            join(hosts.get(1), router, 2);
            any = profile(
                    rule(Direction.INGRESS, Action.ALLOW, 0, anyone()),
                    rule(Direction.EGRESS, Action.ALLOW, 0, anyone()));
            plug(0, "a", 2);
            plug(0, "b", 3);
            plug(1, "c", 2);
            plug(1, "d", 3);
            central.awaitInstalled();
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        northbound.close();
        workspace.close();
    }

    /** All may do all, and nothing is narrowed. */
    @BeforeEach
    void open() {
        bind(pods.values().stream().map(Pod::in).toArray(Binding[]::new));
        backend.security().ownPolicies().forEach(backend.security()::deletePolicy);
        bind(pods.values().stream().map(pod -> pod.in(any)).toArray(Binding[]::new));
    }

    private static void join(NodeHost host, String router, int n) {
        Cidr cidr = Cidr.parse("10.4.%d.0/24".formatted(n));
        IpAddress gateway = cidr.address(1);
        Node node = new Node(NodeId.random(), host, SubnetId.random(), cidr);
        backend.topology()
                .ensureSwitch(new SwitchSpec(
                        node.id(),
                        new NodeName(host.name()),
                        router,
                        List.of(new SwitchSpec.Subnet(node.subnet(), cidr, gateway, MacAddress.derivedFrom(gateway))),
                        null,
                        host.chassis(),
                        NodeHost.POD_MTU));
        nodes.add(node);
    }

    private static void plug(int on, String name, int host) {
        Pod pod = port(on, name, host);
        wire(pod, name);
        pods.put(name, pod);
        for (int port : SERVED) {
            pod.sandbox().serveTcp(port, name);
        }
    }

    /** A port that no pod is on yet. */
    private static Pod port(int on, String name, int host) {
        Node node = nodes.get(on);
        Pod pod =
                new Pod(node, PortId.random(), node.cidr().address(host), PodSandbox.create(workspace, "pod-" + name));
        MacAddress mac = MacAddress.derivedFrom(pod.address());
        backend.ports()
                .ensure(node.id(), List.of(new PortSpec(pod.port(), node.subnet(), mac, List.of(pod.address()), null)));
        return pod;
    }

    private static void wire(Pod pod, String name) {
        Node node = pod.node();
        PodSandbox sandbox = pod.sandbox();
        MacAddress mac = MacAddress.derivedFrom(pod.address());
        node.host()
                .namespace()
                .ip(
                        "link add v-%s type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        name,
                                        mac,
                                        NodeHost.POD_MTU,
                                        sandbox.namespace().name()),
                        "link set v-%s up".formatted(name));
        sandbox.namespace().withoutOffloads("eth0");
        sandbox.namespace()
                .ip(
                        "link set lo up",
                        "addr add %s/24 dev eth0".formatted(pod.address()),
                        "link set eth0 up",
                        "route add default via " + node.cidr().address(1));
        node.host()
                .vsctl(
                        "add-port",
                        "br-int",
                        "v-" + name,
                        "--",
                        "set",
                        "Interface",
                        "v-" + name,
                        "external_ids:iface-id=" + pod.port());
    }

    private static Pod pod(String name) {
        return requireNonNull(pods.get(name));
    }

    private static String block(String name) {
        return pod(name).address() + "/32";
    }

    private static void bind(Binding... bindings) {
        Taken taken = backend.security().bind(List.of(bindings));
        long mark = requireNonNull(taken.mark());
        for (Node node : nodes) {
            await(node.host().name())
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> shown(node.host()) >= mark);
            forgetFlowsOfBefore(node.host());
        }
    }

    /** Pods that run have sent before: what the switch remembers of that it forgets a little after its tables have changed. */
    private static void forgetFlowsOfBefore(NodeHost host) {
        for (String command : List.of("revalidator/wait", "revalidator/purge")) {
            workspace
                    .command("ovs-appctl", "-t", host.switchControl().toString(), command)
                    .output();
        }
    }

    private static long shown(NodeHost host) {
        String number = host.vsctl("--if-exists", "get", "Bridge", "br-int", "external_ids:ovn-nb-cfg")
                .strip()
                .replace("\"", "");
        return number.isEmpty() ? 0 : Long.parseLong(number);
    }

    private static ProfileId id() {
        return new ProfileId(UUID.randomUUID());
    }

    private static String profile(ProfileSpec.Rule... rules) {
        return profile(id(), rules);
    }

    private static String profile(ProfileId id, ProfileSpec.Rule... rules) {
        return requireNonNull(backend.security()
                .ensureProfiles(List.of(new ProfileSpec(id, "profile", List.of(rules))))
                .get(id));
    }

    private static Remote anyone() {
        return new Remote.Anyone();
    }

    private static ProfileSpec.Rule rule(Direction direction, Action action, int priority, Remote remote) {
        return new ProfileSpec.Rule(direction, action, priority, Protocol.ANY, null, remote, false);
    }

    private static ProfileSpec.Rule hear(int port, Remote remote) {
        return new ProfileSpec.Rule(
                Direction.INGRESS, Action.ALLOW, 0, Protocol.TCP, new PortRange(port, port), remote, false);
    }

    private static PolicySpec.Rule tcp(Direction direction, int first, int last, String peers, String own) {
        return new PolicySpec.Rule(direction, Protocol.TCP, new PortRange(first, last), peers, own);
    }

    /** @param sets each a name and its blocks */
    private static PolicySpec spec(
            ProfileId id, Set<Direction> isolates, Map<String, List<String>> sets, PolicySpec.Rule... rules) {
        Map<String, Set<Cidr>> blocks = sets.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        set -> set.getValue().stream().map(Cidr::parse).collect(Collectors.toSet())));
        return new PolicySpec(id, "ns/policy", isolates, new TreeMap<>(blocks), List.of(rules));
    }

    private static String policy(PolicySpec spec) {
        return requireNonNull(backend.security().ensurePolicies(List.of(spec)).get(spec.id()));
    }

    /** Lets in from these blocks to these ports. */
    private static String hearing(int first, int last, String... blocks) {
        return policy(spec(
                id(),
                Set.of(Direction.INGRESS),
                Map.of("in", List.of(blocks)),
                tcp(Direction.INGRESS, first, last, "in", null)));
    }

    /** What of all that others ask of a pod at the same time is answered, as {@code from:port}. */
    private static Set<String> answered(String to) {
        List<String> all = Stream.of("b", "c", "d")
                .filter(from -> !from.equals(to))
                .flatMap(from -> Arrays.stream(SERVED).mapToObj(port -> from + ":" + port))
                .toList();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<String, CompletableFuture<Boolean>> asked = new LinkedHashMap<>();
            all.forEach(each ->
                    asked.put(each, CompletableFuture.supplyAsync(() -> reaches(each, to, DENIED), threads)));
            return all.stream()
                    .filter(each -> requireNonNull(asked.get(each)).join())
                    .collect(Collectors.toSet());
        }
    }

    private static boolean reaches(String which, String to, Duration patience) {
        String[] parts = which.split(":");
        return reaches(parts[0], to, Integer.parseInt(parts[1]), patience);
    }

    private static boolean reaches(String from, String to, int port, Duration patience) {
        return pod(from)
                .sandbox()
                .tcp(pod(to).address().toString(), port, patience)
                .said()
                .equals(to);
    }

    /** These are answered, however long it takes, and no others. */
    private static void assertAnswered(String to, String... wanted) {
        for (String each : wanted) {
            assertReaches(each, to);
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(answered(to)).isSubsetOf(wanted));
    }

    private static void assertReaches(String which, String to) {
        try {
            await("%s to %s".formatted(which, to)).atMost(PATIENCE).until(() -> reaches(which, to, ALLOWED));
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(standstill(which, to), e);
        }
    }

    /** All that the two ends and the switch of the called one know of it. */
    private static String standstill(String which, String to) {
        String[] parts = which.split(":");
        Pod from = pod(parts[0]);
        List<String> told = new ArrayList<>();
        told.add("%s does not reach %s".formatted(which, to));
        told.add("said: "
                + from.sandbox()
                        .tcp(pod(to).address().toString(), Integer.parseInt(parts[1]), ALLOWED)
                        .said());
        told.add(from.sandbox().exec("ss", "-tan"));
        told.add(pod(to).sandbox().exec("ss", "-tan"));
        for (String command : List.of("dpctl/dump-flows", "dpctl/dump-conntrack")) {
            told.add(workspace
                    .command(
                            "ovs-appctl",
                            "-t",
                            pod(to).node().host().switchControl().toString(),
                            command)
                    .output());
        }
        return String.join("\n", told);
    }

    private static void assertSilent(String from, String to, int port) {
        await("%s to %s:%d".formatted(from, to, port)).atMost(PATIENCE).until(() -> !reaches(from, to, port, DENIED));
    }

    @Test
    void whoIsIsolatedHearsOnlyWhomARuleNamesAndSpeaksAsBefore() {
        bind(pod("a").in(any, policy(spec(id(), Set.of(Direction.INGRESS), Map.of()))));
        assertAnswered("a");
        assertAnswered("b", "c:8080", "c:8081", "c:9000", "d:8080", "d:8081", "d:9000");
        assertReaches("a:8080", "c");
        bind(pod("a").in(any, hearing(8080, 8081, block("c"))));
        assertAnswered("a", "c:8080", "c:8081");
    }

    @Test
    void policiesOfOnePodAddUp() {
        bind(pod("a").in(any, hearing(8080, 8080, block("c")), hearing(9000, 9000, block("d"), "10.4.1.0/30")));
        assertAnswered("a", "c:8080", "d:9000", "b:9000");
    }

    @Test
    void whatIsAllowedIsAllowedByAProfileAndByAPolicy() {
        String web = profile(hear(8080, new Remote.Block(Cidr.parse("10.4.2.0/24"))), hear(8081, anyone()));
        bind(pod("a").in(web, hearing(8080, 9000, block("b"), block("c"))));
        assertAnswered("a", "c:8080", "c:8081", "b:8081");
    }

    @Test
    void aProfilesDropStandsAboveWhatAPolicyAllowsUnlessTheProfileSaysOtherwise() {
        ProfileSpec.Rule drop = rule(Direction.INGRESS, Action.DROP, 5, new Remote.Block(Cidr.parse(block("c"))));
        ProfileSpec.Rule urgent = new ProfileSpec.Rule(
                Direction.INGRESS, Action.ALLOW, 9, Protocol.TCP, new PortRange(9000, 9000), anyone(), false);
        ProfileId strict = id();
        bind(pod("a").in(any, profile(strict, drop), hearing(1, 65_535, block("c"), block("d"))));
        assertAnswered("a", "d:8080", "d:8081", "d:9000");
        profile(strict, drop, urgent);
        assertAnswered("a", "d:8080", "d:8081", "d:9000", "c:9000");
    }

    @Test
    void whatAPodSaysIsNarrowedToo() {
        bind(pod("c").in(
                        any,
                        policy(spec(
                                id(),
                                Set.of(Direction.EGRESS),
                                Map.of("out", List.of(block("a"))),
                                tcp(Direction.EGRESS, 8080, 8081, "out", null)))));
        assertSilent("c", "a", 9000);
        assertReaches("c:8080", "a");
        assertReaches("c:8081", "a");
        assertSilent("c", "b", 8080);
        assertSilent("c", "d", 8080);
        assertReaches("d:9000", "c");
    }

    @Test
    void setsOfAddressesChangeByThemselves() {
        ProfileId id = id();
        PolicySpec.Rule rule = tcp(Direction.INGRESS, 8080, 8080, "in", null);
        String name = policy(spec(id, Set.of(Direction.INGRESS), Map.of("in", List.of()), rule));
        bind(pod("a").in(any, name));
        assertAnswered("a");
        policy(spec(id, Set.of(Direction.INGRESS), Map.of("in", List.of(block("d"), "10.4.1.3/32")), rule));
        assertAnswered("a", "d:8080", "b:8080");
        policy(spec(id, Set.of(Direction.INGRESS), Map.of("in", List.of("10.4.1.0/24")), rule));
        assertSilent("d", "a", 8080);
        assertAnswered("a", "b:8080");
    }

    @Test
    void aRuleCanBeForSomeOfThePolicysPods() {
        String name = policy(spec(
                id(),
                Set.of(Direction.INGRESS),
                Map.of("b", List.of(block("b")), "a", List.of(block("a"))),
                tcp(Direction.INGRESS, 8080, 8080, null, "b"),
                tcp(Direction.INGRESS, 8081, 8081, null, "a")));
        bind(pod("a").in(any, name), pod("b").in(any, name));
        assertAnswered("a", "b:8081", "c:8081", "d:8081");
        assertReaches("c:8080", "b");
        assertSilent("c", "b", 8081);
    }

    @Test
    void whoIsInNoProfileIsClosedWhateverAPolicyAllows() {
        bind(pod("a").in());
        bind(pod("a").in(hearing(1, 65_535, "0.0.0.0/0")));
        assertAnswered("a");
    }

    @Test
    void aPolicyThatIsGoneNarrowsNothing() {
        bind(pod("a").in(any, hearing(8080, 8080, block("c"))));
        assertAnswered("a", "c:8080");
        bind(pod("a").in(any));
        assertAnswered("a", "b:8080", "b:8081", "b:9000", "c:8080", "c:8081", "c:9000", "d:8080", "d:8081", "d:9000");
    }

    private static Daemon python(String label, Pod where, String program, Object... arguments) {
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "-I", "-c", program));
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        return workspace
                .daemon(label + "-" + UUID.randomUUID(), command.toArray(String[]::new))
                .inside(where.sandbox().namespace())
                .grace(Duration.ZERO)
                .readyWhen(
                        "says so",
                        started -> Files.exists(started.log())
                                && started.log().toFile().length() > 0)
                .start();
    }

    private static List<String> lines(Daemon daemon) {
        try {
            return Files.readAllLines(daemon.log());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long heard(Daemon hearer, String from) {
        String line = "heard " + pod(from).address();
        return lines(hearer).stream().filter(line::equals).count();
    }

    @Test
    void aPodThatStartsOnAPortThatWaitedUnderAPolicyHearsNobodyElseFromItsFirstPacket() {
        Pod late = port(0, "late", 4);
        String only = policy(spec(
                id(),
                Set.of(Direction.INGRESS),
                Map.of("in", List.of(block("c"))),
                new PolicySpec.Rule(Direction.INGRESS, Protocol.UDP, new PortRange(7000, 7000), "in", null)));
        bind(late.in(any, only));
        try (Daemon right = python("sends", pod("c"), SENDER, late.address(), 7000);
                Daemon wrong = python("sends", pod("b"), SENDER, late.address(), 7000);
                Daemon hears = python("hears", late, HEARER, 7000)) {
            wire(late, "late");
            await("heard").atMost(PATIENCE).until(() -> heard(hears, "c") > 50);
            assertThat(right.alive() && wrong.alive()).isTrue();
            assertThat(heard(hears, "b")).isZero();
            bind(late.in(any));
            await("is heard without the policy").atMost(PATIENCE).until(() -> heard(hears, "b") > 0);
        } finally {
            bind(late.in());
            late.node().host().vsctl("del-port", "br-int", "v-late");
            backend.ports().delete(late.node().id(), List.of(late.port()));
        }
    }

    @Test
    void aConnectionThatBothSetsAllowGoesOnWhileOneFollowsTheOtherAndWhatNeitherDoesNeverPasses() {
        Pod server = pod("a");
        List<String> sets = List.of(hearing(9100, 9100, block("c")), hearing(9000, 9200, block("c"), block("d")));
        bind(server.in(any, sets.getFirst()));
        try (Daemon echoes = python("echoes", server, ECHO, 9100);
                Daemon hears = python("hears", server, HEARER, 7000);
                Daemon wrong = python("sends", pod("b"), SENDER, server.address(), 7000);
                Daemon talks = python("talks", pod("c"), TALKER, server.address(), 9100)) {
            for (int i = 1; i <= 6; i++) {
                int before = lines(talks).size();
                bind(server.in(any, sets.get(i % 2)));
                await("goes on").atMost(PATIENCE).until(() -> lines(talks).size() > before + 20);
            }
            assertThat(echoes.alive() && talks.alive() && wrong.alive()).isTrue();
            assertThat(lines(hears)).containsExactly("listens");
            List<String> said =
                    lines(talks).stream().filter(line -> !line.isEmpty()).toList();
            assertThat(said.subList(0, said.size() - 1))
                    .isEqualTo(IntStream.range(0, said.size() - 1)
                            .mapToObj(i -> "said " + i)
                            .toList());
        }
    }
}
