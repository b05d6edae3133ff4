package io.portolan.sdn.ovn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnSecurity.Binding;
import io.portolan.sdn.SdnSecurity.Taken;
import io.portolan.sdn.SwitchSpec;
import io.portolan.sdn.Transport;
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
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Which packets pass between pods on two chassis, as their profiles say. A write has taken effect when the nodes' own
 * bridges show its mark, and from then on the first connection already is as it should be.
 */
class SecurityTrafficTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Long enough for a packet that is sent once more. */
    private static final Duration ALLOWED = Duration.ofSeconds(6);

    private static final Duration DENIED = Duration.ofMillis(700);
    private static final int STREAM = 7000;

    /** Says when it received what from whom. */
    private static final String HEARER = """
            import socket, sys, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', int(sys.argv[1])))
            print('listens', flush=True)
            while True:
                data, peer = s.recvfrom(2048)
                print(time.time_ns(), peer[0], data.decode(), flush=True)
            """;

    /** Sends a hundred times a second, from the port that it sends to. */
    private static final String SENDER = """
            import socket, sys, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', int(sys.argv[3])))
            print('sends', flush=True)
            i = 0
            while True:
                try:
                    s.sendto(str(i).encode(), (sys.argv[1], int(sys.argv[2])))
                except OSError:
                    pass
                i += 1
                time.sleep(0.01)
            """;

    /** Sends one packet and says what it hears for it. */
    private static final String ASKER = """
            import socket, sys, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', int(sys.argv[1])))
            s.sendto(b'give', (sys.argv[2], int(sys.argv[1])))
            print('listens', flush=True)
            while True:
                data, peer = s.recvfrom(2048)
                print(time.time_ns(), peer[0], data.decode(), flush=True)
            """;

    private record Node(NodeId id, NodeHost host, SubnetId subnet, Cidr cidr) {}

    private record Pod(Node node, PortId port, IpAddress address, PodSandbox sandbox) {
        Binding in(String... profiles) {
            return new Binding(port, node.id(), port.toString(), Set.of(profiles));
        }
    }

    private static final ClusterId CLUSTER = ClusterId.random();
    private static final Map<String, Pod> pods = new LinkedHashMap<>();
    private static final List<Node> nodes = new ArrayList<>();
    private static Workspace workspace;
    private static TestingCentral northbound;
    private static SdnBackend backend;
    /** Sends to everybody and hears everybody. */
    private static String any;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            Fabric fabric = Fabric.create(workspace);
            OvnCentral central = OvnCentral.in(workspace).start();
            List<NodeHost> hosts = NodeHost.start(workspace, fabric, central, "node-1", "node-2");
            northbound = new TestingCentral(central.northbound().unixRemote());
            backend = northbound.backend(CLUSTER);
            String router = backend.topology()
                    .ensureRouter(new RouterSpec(new ClusterName("secure"), List.of(Cidr.parse("10.4.0.0/16")), null))
                    .id();
            join(hosts.get(0), router, 1);
            join(hosts.get(1), router, 2);
            carriedOut(backend.security().close(nodes.stream().map(Node::id).toList()));
            any = profile(
                    rule(Direction.INGRESS, Protocol.ANY, null, anyone()),
                    rule(Direction.EGRESS, Protocol.ANY, null, anyone()));
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

    @BeforeEach
    void closeAll() {
        bind(pods.values().stream().map(Pod::in).toArray(Binding[]::new));
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

    private static Pod sandbox(int on, String name, int host) {
        Node node = nodes.get(on);
        PodSandbox sandbox = PodSandbox.create(workspace, "pod-" + name);
        Pod pod = new Pod(node, PortId.random(), node.cidr().address(host), sandbox);
        node.host()
                .namespace()
                .ip(
                        "link add v-%s type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        name,
                                        MacAddress.derivedFrom(pod.address()),
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
        return pod;
    }

    private static void plug(Pod pod, String name) {
        Node node = pod.node();
        backend.ports()
                .ensure(
                        node.id(),
                        List.of(new PortSpec(
                                pod.port(),
                                node.subnet(),
                                MacAddress.derivedFrom(pod.address()),
                                List.of(pod.address()),
                                null)));
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

    private static void plug(int on, String name, int host) {
        Pod pod = sandbox(on, name, host);
        plug(pod, name);
        pods.put(name, pod);
        for (int port : new int[] {8080, 8081, 9000}) {
            pod.sandbox().serveTcp(port, name);
        }
    }

    private static Pod pod(String name) {
        return requireNonNull(pods.get(name));
    }

    /** Until the nodes' own bridges show it. */
    private static void carriedOut(Taken taken) {
        long mark = requireNonNull(taken.mark());
        for (Node node : nodes) {
            await(node.host().name())
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> shown(node.host()) >= mark);
        }
    }

    private static void forgetConnections(Pod pod) {
        NodeHost host = pod.node().host();
        String zone = host.vsctl("get", "Bridge", "br-int", "external_ids:ct-zone-" + pod.port())
                .strip()
                .replace("\"", "");
        workspace
                .command("ovs-appctl", "-t", host.switchControl().toString(), "dpctl/flush-conntrack", "zone=" + zone)
                .output();
    }

    private static long shown(NodeHost host) {
        String number = host.vsctl("--if-exists", "get", "Bridge", "br-int", "external_ids:ovn-nb-cfg")
                .strip()
                .replace("\"", "");
        return number.isEmpty() ? 0 : Long.parseLong(number);
    }

    private static void bind(Binding... bindings) {
        carriedOut(backend.security().bind(List.of(bindings)));
    }

    private static String profile(Rule... rules) {
        return profile(new ProfileId(UUID.randomUUID()), rules);
    }

    private static String profile(ProfileId id, Rule... rules) {
        return requireNonNull(backend.security()
                .ensureProfiles(List.of(new ProfileSpec(id, "profile", List.of(rules))))
                .get(id));
    }

    private static Rule rule(Direction direction, Protocol protocol, PortRange ports, Remote remote) {
        return new Rule(direction, Action.ALLOW, 0, protocol, ports, remote, false);
    }

    private static Rule hearTcp(int port, Remote remote) {
        return rule(Direction.INGRESS, Protocol.TCP, new PortRange(port, port), remote);
    }

    private static Remote anyone() {
        return new Remote.Anyone();
    }

    private static Remote block(String cidr) {
        return new Remote.Block(Cidr.parse(cidr));
    }

    private static void assertReaches(String from, String to, int port) {
        assertAnswers(from, pod(to).address().toString(), port, to);
    }

    private static void assertAnswers(String from, String address, int port, String who) {
        assertThat(pod(from).sandbox().tcp(address, port, ALLOWED).said())
                .as("%s to %s:%d", from, address, port)
                .isEqualTo(who);
    }

    private static void assertDoesNotReach(String from, String to, int port) {
        assertSilent(from, pod(to).address().toString(), port);
    }

    /** Not even an answer that says no. */
    private static void assertSilent(String from, String address, int port) {
        assertThat(pod(from).sandbox().tcp(address, port, DENIED).said())
                .as("%s to %s:%d", from, address, port)
                .containsIgnoringCase("time");
    }

    private static Daemon script(String what, Pod where, String script, Object... arguments) {
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "-I", "-c", script));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        return workspace
                .daemon("%s-%s".formatted(what, UUID.randomUUID()), command.toArray(String[]::new))
                .inside(where.sandbox().namespace())
                .grace(Duration.ZERO)
                .readyWhen("says so", started -> !lines(started).isEmpty())
                .start();
    }

    private static Daemon hears(Pod who, int port) {
        return script("hears", who, HEARER, port);
    }

    private static Daemon sends(Pod from, Pod to, int port) {
        return script("sends", from, SENDER, to.address(), port, port);
    }

    private static List<String> lines(Daemon daemon) {
        try {
            return Files.exists(daemon.log()) ? Files.readAllLines(daemon.log()) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** When it heard packets. */
    private static List<Long> heard(Daemon hearer) {
        return lines(hearer).stream()
                .filter(line -> line.split(" ").length == 3)
                .map(line -> Long.parseLong(line.split(" ")[0]))
                .toList();
    }

    private static long now() {
        return System.currentTimeMillis() * 1_000_000;
    }

    @Test
    void aPortIsClosedFromItsFirstPacketUntilItIsBoundAndThenOpenAsItsProfileSays() {
        bind(pod("b").in(any), pod("c").in(any));
        Pod late = sandbox(0, "late", 9);
        try (Daemon near = sends(pod("b"), late, STREAM);
                Daemon far = sends(pod("c"), late, STREAM + 1);
                Daemon out = sends(late, pod("c"), STREAM + 2);
                Daemon hearsNear = hears(late, STREAM);
                Daemon hearsFar = hears(late, STREAM + 1);
                Daemon hearsOut = hears(pod("c"), STREAM + 2)) {
            plug(late, "late");
            await("installed")
                    .atMost(PATIENCE)
                    .until(() -> late.node()
                            .host()
                            .vsctl("--if-exists", "get", "Interface", "v-late", "external_ids:ovn-installed")
                            .contains("true"));
            bind(late.in());
            await("a hundred packets more").pollDelay(Duration.ofSeconds(1)).until(() -> true);
            assertThat(List.of(near.alive(), far.alive(), out.alive())).containsOnly(true);
            String web = profile(
                    rule(Direction.INGRESS, Protocol.UDP, new PortRange(STREAM, STREAM), anyone()),
                    rule(Direction.EGRESS, Protocol.UDP, null, anyone()));
            long begin = now();
            bind(late.in(web));
            for (Daemon hearer : List.of(hearsNear, hearsOut)) {
                await("heard").atMost(PATIENCE).until(() -> heard(hearer).size() > 10);
                assertThat(heard(hearer)).as("before the bind").allMatch(time -> time >= begin);
            }
            assertThat(heard(hearsFar)).as("on a port that is not allowed").isEmpty();

            bind(late.in());
            long closed = now();
            await("a hundred packets more").pollDelay(Duration.ofSeconds(1)).until(() -> true);
            for (Daemon hearer : List.of(hearsNear, hearsFar, hearsOut)) {
                assertThat(heard(hearer)).as("after the mark").allMatch(time -> time <= closed);
            }
            String other =
                    profile(rule(Direction.INGRESS, Protocol.UDP, new PortRange(STREAM + 1, STREAM + 1), anyone()));
            bind(late.in(other));
            await("heard").atMost(PATIENCE).until(() -> heard(hearsFar).size() > 10);
            for (Daemon hearer : List.of(hearsNear, hearsOut)) {
                assertThat(heard(hearer)).as("of the set before").allMatch(time -> time <= closed);
            }
        } finally {
            late.node().host().vsctl("--if-exists", "del-port", "v-late");
            backend.ports().delete(late.node().id(), List.of(late.port()));
            late.sandbox().close();
        }
    }

    /**
     * OVN lets the answers of a connection pass above all ACLs, for as long as the node knows the connection. So a port is
     * shut to them only when the node has forgotten, which is the node's affair.
     */
    @Test
    void whatAnswersAConnectionOfBeforeEndsWhenTheNodeForgetsTheClosedPortsConnections() {
        String asks = profile(rule(Direction.EGRESS, Protocol.UDP, null, anyone()));
        bind(pod("a").in(asks), pod("b").in(any), pod("c").in(any));
        try (Daemon hearer = script("asks", pod("a"), ASKER, STREAM, pod("c").address());
                Daemon sender = sends(pod("c"), pod("a"), STREAM)) {
            await("heard").atMost(PATIENCE).until(() -> heard(hearer).size() > 10);
            bind(pod("a").in());
            forgetConnections(pod("a"));
            long closed = now();
            bind(pod("a").in(asks));
            await("a hundred packets more").pollDelay(Duration.ofSeconds(1)).until(() -> true);
            assertThat(sender.alive()).isTrue();
            assertThat(heard(hearer)).as("after the mark").allMatch(time -> time <= closed);
        }
    }

    @Test
    void rulesSayWhoReachesWhat() {
        String server = profile(
                hearTcp(8080, block("10.4.2.2/32")),
                rule(Direction.INGRESS, Protocol.TCP, new PortRange(8999, 9001), anyone()));
        bind(pod("a").in(server), pod("b").in(any), pod("c").in(any), pod("d").in(any));
        assertReaches("c", "a", 8080);
        assertDoesNotReach("b", "a", 8080);
        assertDoesNotReach("d", "a", 8080);
        assertReaches("b", "a", 9000);
        assertReaches("d", "a", 9000);
        assertDoesNotReach("c", "a", 8081);
        assertDoesNotReach("a", "c", 8080);
        assertThat(pod("c").sandbox().ping(pod("a").address().toString(), 2).received())
                .isZero();
        assertThat(pod("c").sandbox().ping(pod("b").address().toString(), 2).received())
                .isPositive();
    }

    @Test
    void aDropStandsAboveWhatAllows() {
        Rule drop = new Rule(Direction.INGRESS, Action.DROP, 0, Protocol.TCP, null, block("10.4.2.3/32"), false);
        Rule urgent =
                new Rule(Direction.INGRESS, Action.ALLOW, 5, Protocol.TCP, new PortRange(9000, 9000), anyone(), true);
        String open = profile(hearTcp(8080, anyone()));
        bind(pod("a").in(open, profile(drop, urgent)), pod("c").in(any), pod("d").in(any));
        assertReaches("c", "a", 8080);
        assertDoesNotReach("d", "a", 8080);
        assertReaches("d", "a", 9000);
    }

    @Test
    void membersOfAProfileAreKnownByTheirMembershipAlone() {
        String web = profile(rule(Direction.EGRESS, Protocol.TCP, null, anyone()));
        String db = profile(hearTcp(8080, new Remote.Members(web)));
        bind(pod("a").in(db), pod("b").in(web), pod("d").in(any));
        assertReaches("b", "a", 8080);
        assertDoesNotReach("d", "a", 8080);
        bind(pod("d").in());
        bind(pod("d").in(web));
        assertReaches("d", "a", 8080);
        bind(pod("b").in());
        assertDoesNotReach("b", "a", 8080);
    }

    @Test
    void rulesThatChangeTakeEffectWithoutABind() {
        ProfileId id = new ProfileId(UUID.randomUUID());
        bind(pod("a").in(profile(id, hearTcp(8080, anyone()))), pod("c").in(any));
        assertReaches("c", "a", 8080);
        assertDoesNotReach("c", "a", 8081);
        profile(id, hearTcp(8081, anyone()));
        await().atMost(PATIENCE)
                .until(() -> pod("c").sandbox()
                        .tcp(pod("a").address().toString(), 8081, DENIED)
                        .ok());
        assertDoesNotReach("c", "a", 8080);
    }

    @Test
    void whatAPodSendsIsJudgedByThePodThatABalancerChoseAndItReachesItself() {
        String client = profile(rule(Direction.EGRESS, Protocol.TCP, new PortRange(8080, 8080), block("10.4.2.2/32")));
        balance("10.96.0.1", "c");
        balance("10.96.0.2", "d");
        balance("10.96.0.3", "a");
        balance("10.96.0.4");
        bind(pod("a").in(client), pod("c").in(any), pod("d").in(any));
        assertAnswers("a", "10.96.0.1", 80, "c");
        assertSilent("a", "10.96.0.2", 80);
        assertAnswers("a", "10.96.0.3", 80, "a");
        assertThat(pod("a").sandbox().tcp("10.96.0.4", 80, ALLOWED).said()).contains("Refused");
        assertAnswers("c", "10.96.0.2", 80, "d");
        bind(pod("a").in());
        for (int i = 1; i <= 4; i++) {
            assertSilent("a", "10.96.0." + i, 80);
        }
    }

    private static void balance(String address, String... members) {
        LoadBalancerSpec spec = new LoadBalancerSpec(
                LoadBalancerId.of(CLUSTER, "ns", address),
                address,
                List.of(new Listener(
                        new Frontend(IpAddress.parse(address), Transport.TCP, 80, Reach.INSIDE),
                        Spread.ANYWHERE,
                        OnEmpty.REFUSE,
                        null,
                        List.of(),
                        new Pool(
                                address,
                                Arrays.stream(members)
                                        .map(name -> new Member(pod(name).address(), 8080, null, null))
                                        .collect(Collectors.toList())))));
        backend.loadBalancers().ensure(List.of(spec));
    }
}
