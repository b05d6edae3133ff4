package io.portolan.sdn.ovn;

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
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.SwitchSpec;
import io.portolan.sdn.Transport;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.TcpExchange;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Connections through balancers made by the backend, on two chassis with three pods and a host outside. The switches and
 * pods come when the first balancer is there already, as when a node joins a cluster that has Services.
 */
class BalancerTrafficTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration TCP_LIMIT = Duration.ofSeconds(2);
    private static final Cidr PODS = Cidr.parse("10.4.0.0/16");
    private static final int EXCHANGES = 20;
    private static final String UDP_SERVER = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', 5353))
            print('listens', flush=True)
            while True:
                data, peer = s.recvfrom(2048)
                s.sendto(sys.argv[1].encode(), peer)
            """;
    private static final String UDP_CLIENT = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', int(sys.argv[3])))
            s.settimeout(1)
            for i in range(10):
                s.sendto(b'hello', (sys.argv[1], int(sys.argv[2])))
                try:
                    print(s.recvfrom(2048)[0].decode())
                    break
                except (socket.timeout, ConnectionError):
                    pass
            """;

    private static final ClusterId CLUSTER = ClusterId.random();
    private static final Map<String, PodSandbox> pods = new LinkedHashMap<>();
    private static final Map<String, NodeId> nodes = new LinkedHashMap<>();
    private static Workspace workspace;
    private static OvnCentral central;
    private static TestingCentral northbound;
    private static SdnBackend backend;
    private static PodSandbox outside;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            Fabric fabric = Fabric.create(workspace);
            central = OvnCentral.in(workspace).start();
            List<NodeHost> hosts = NodeHost.start(workspace, fabric, central, "node-1", "node-2");
            northbound = new TestingCentral(central.northbound().unixRemote());
            backend = northbound.backend(CLUSTER);
            String router = backend.topology()
                    .ensureRouter(new RouterSpec(new ClusterName("traffic"), List.of(PODS), null))
                    .id();
            ensure(spec("early", anywhere("10.96.0.10", 80, "10.4.1.2", "10.4.1.3", "10.4.2.2")));
            join(hosts.get(0), router, 1, "a", "b");
            join(hosts.get(1), router, 2, "c");
            external(hosts.get(1), router);
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

    private static void join(NodeHost host, String router, int n, String... names) {
        Cidr cidr = Cidr.parse("10.4.%d.0/24".formatted(n));
        IpAddress gateway = cidr.address(1);
        SubnetId subnet = SubnetId.random();
        NodeId node = NodeId.random();
        backend.topology()
                .ensureSwitch(new SwitchSpec(
                        node,
                        new NodeName(host.name()),
                        router,
                        List.of(new SwitchSpec.Subnet(subnet, cidr, gateway, MacAddress.derivedFrom(gateway))),
                        null,
                        host.chassis(),
                        NodeHost.POD_MTU));
        nodes.put(host.name(), node);
        for (int i = 0; i < names.length; i++) {
            IpAddress ip = cidr.address(2 + i);
            PortSpec port = new PortSpec(PortId.random(), subnet, MacAddress.derivedFrom(ip), List.of(ip), null);
            String iface =
                    backend.ports().ensure(node, List.of(port)).getFirst().backendId();
            plug(host, names[i], port, iface, gateway);
        }
    }

    private static void plug(NodeHost host, String name, PortSpec port, String iface, IpAddress gateway) {
        PodSandbox pod = PodSandbox.create(workspace, "pod-" + name);
        host.namespace()
                .ip(
                        "link add v-%s type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        name,
                                        port.mac(),
                                        NodeHost.POD_MTU,
                                        pod.namespace().name()),
                        "link set v-%s up".formatted(name));
        pod.namespace().withoutOffloads("eth0");
        pod.namespace()
                .ip(
                        "addr add %s/24 dev eth0".formatted(port.addresses().getFirst()),
                        "link set eth0 up",
                        "route add default via " + gateway);
        host.vsctl(
                "add-port",
                "br-int",
                "v-" + name,
                "--",
                "set",
                "Interface",
                "v-" + name,
                "external_ids:iface-id=" + iface);
        pod.serveTcp(8080, name);
        workspace
                .daemon("udp-" + name, "/usr/bin/python3", "-I", "-c", UDP_SERVER, name)
                .inside(pod.namespace())
                .grace(Duration.ZERO)
                .start();
        pods.put(name, pod);
    }

    /** A segment with one host and the gateway, made by hand: the router gets the group at the gateway. */
    private static void external(NodeHost host, String router) {
        outside = PodSandbox.create(workspace, "outside");
        outside.namespace()
                .ip(
                        "link add o0 type veth peer name ext0 netns "
                                + host.namespace().name(),
                        "link set o0 up");
        outside.namespace().ip("addr add 203.0.113.10/24 dev o0");
        outside.namespace().withoutOffloads("o0");
        host.namespace().ip("link set ext0 up");
        host.namespace().withoutOffloads("ext0");
        host.vsctl(("add-br br-ex -- set Bridge br-ex datapath_type=netdev -- add-port br-ex ext0"
                        + " -- set Open_vSwitch . external_ids:ovn-bridge-mappings=physnet:br-ex")
                .split(" "));
        String group =
                new BalancerGroups(null, new Mark(CLUSTER)).row(Reach.OUTSIDE).toString();
        ensure(spec("first-outside", at(Reach.OUTSIDE, "203.0.113.30", 80, "10.4.1.2", "10.4.2.2")));
        central.nbctl(("ls-add ext -- lsp-add ext ext-physnet -- lsp-set-type ext-physnet localnet"
                        + " -- lsp-set-addresses ext-physnet unknown"
                        + " -- lsp-set-options ext-physnet network_name=physnet"
                        + " -- lrp-add %1$s to-ext 02:00:00:00:01:01 203.0.113.1/24"
                        + " -- lrp-set-gateway-chassis to-ext node-2 10"
                        + " -- lsp-add ext ext-router -- lsp-set-type ext-router router"
                        + " -- lsp-set-addresses ext-router router"
                        + " -- lsp-set-options ext-router router-port=to-ext"
                        + " -- lr-route-add %1$s 0.0.0.0/0 203.0.113.10"
                        + " -- set Logical_Router %1$s load_balancer_group=%2$s")
                .formatted(router, group)
                .split(" "));
    }

    private static LoadBalancerSpec spec(String name, Listener... listeners) {
        return new LoadBalancerSpec(LoadBalancerId.of(CLUSTER, "ns", name), "ns/" + name, List.of(listeners));
    }

    private static Listener anywhere(String address, int port, String... members) {
        return at(Reach.INSIDE, address, port, members);
    }

    private static Listener at(Reach reach, String address, int port, String... members) {
        return listener(Transport.TCP, reach, Spread.ANYWHERE, OnEmpty.REFUSE, null, address, port, 8080, members);
    }

    private static Listener listener(
            Transport transport,
            Reach reach,
            Spread spread,
            OnEmpty onEmpty,
            Duration affinity,
            String address,
            int port,
            int target,
            String... members) {
        List<Member> all = Arrays.stream(members)
                .map(member -> new Member(IpAddress.parse(member), target, nodes.get("node-" + member.charAt(5)), null))
                .toList();
        return new Listener(
                new Frontend(IpAddress.parse(address), transport, port, reach),
                spread,
                onEmpty,
                affinity,
                List.of(),
                new Pool(address + "-" + port, all));
    }

    private static void ensure(LoadBalancerSpec... specs) {
        assertThat(backend.loadBalancers().ensure(List.of(specs)).values()).allMatch(s -> s instanceof Settled.Done);
    }

    private static void installed(LoadBalancerSpec... specs) {
        ensure(specs);
        central.awaitInstalled();
    }

    private static Set<String> answers(PodSandbox from, String target, int port) {
        await().atMost(PATIENCE).until(() -> from.tcp(target, port, TCP_LIMIT).ok());
        Set<String> said = new TreeSet<>();
        for (int i = 0; i < EXCHANGES; i++) {
            TcpExchange exchange = from.tcp(target, port, TCP_LIMIT);
            assertThat(exchange.ok()).as(exchange.said()).isTrue();
            said.add(exchange.said());
        }
        return said;
    }

    @Test
    void aBalancerThatWasThereFirstServesPodsOfAllNodesItsOwnMembersToo() {
        for (PodSandbox pod : pods.values()) {
            assertThat(answers(pod, "10.96.0.10", 80)).containsExactly("a", "b", "c");
        }
    }

    @Test
    void aPodReachesItselfByABalancerThatComesLaterAndByAPortThatIsAdded() {
        installed(spec("hairpin", anywhere("10.96.0.11", 80, "10.4.1.2")));
        assertThat(answers(pods.get("a"), "10.96.0.11", 80)).containsExactly("a");
        assertThat(answers(pods.get("c"), "10.96.0.11", 80)).containsExactly("a");
        installed(spec("hairpin", anywhere("10.96.0.11", 80, "10.4.1.2"), anywhere("10.96.0.11", 81, "10.4.2.2")));
        assertThat(answers(pods.get("c"), "10.96.0.11", 81)).containsExactly("c");
        assertThat(answers(pods.get("a"), "10.96.0.11", 81)).containsExactly("c");
    }

    @Test
    void withoutMembersConnectionsAreRefusedAtOnceOrLost() {
        installed(spec(
                "empty",
                anywhere("10.96.0.12", 80),
                listener(Transport.TCP, Reach.INSIDE, Spread.ANYWHERE, OnEmpty.DROP, null, "10.96.0.12", 81, 8080)));
        for (PodSandbox pod : pods.values()) {
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(
                                    pod.tcp("10.96.0.12", 80, TCP_LIMIT).said())
                            .contains("ConnectionRefused"));
            assertThat(pod.tcp("10.96.0.12", 81, TCP_LIMIT).said()).containsIgnoringCase("time");
        }
        installed(spec("empty", anywhere("10.96.0.12", 80, "10.4.2.2")));
        assertThat(answers(pods.get("a"), "10.96.0.12", 80)).containsExactly("c");
    }

    @Test
    void aClientKeepsItsMember() {
        installed(spec(
                "affine",
                listener(
                        Transport.TCP,
                        Reach.INSIDE,
                        Spread.ANYWHERE,
                        OnEmpty.REFUSE,
                        Duration.ofSeconds(60),
                        "10.96.0.13",
                        80,
                        8080,
                        "10.4.1.2",
                        "10.4.1.3",
                        "10.4.2.2")));
        for (PodSandbox pod : pods.values()) {
            assertThat(answers(pod, "10.96.0.13", 80)).hasSize(1);
        }
    }

    @Test
    void aMemberThatIsRemovedGetsNoNewConnection() {
        installed(spec("shrinking", anywhere("10.96.0.14", 80, "10.4.1.2", "10.4.2.2")));
        assertThat(answers(pods.get("b"), "10.96.0.14", 80)).containsExactly("a", "c");
        installed(spec("shrinking", anywhere("10.96.0.14", 80, "10.4.2.2")));
        assertThat(answers(pods.get("b"), "10.96.0.14", 80)).containsExactly("c");
        backend.loadBalancers().delete(List.of(LoadBalancerId.of(CLUSTER, "ns", "shrinking")));
        central.awaitInstalled();
        assertThat(pods.get("b").tcp("10.96.0.14", 80, TCP_LIMIT).ok()).isFalse();
    }

    @Test
    void aClientOnANodeGetsTheMembersThereAndNoOthers() {
        Listener local = listener(
                Transport.TCP,
                Reach.INSIDE,
                Spread.SAME_NODE,
                OnEmpty.DROP,
                null,
                "10.96.0.15",
                80,
                8080,
                "10.4.1.2",
                "10.4.1.3",
                "10.4.2.2");
        installed(spec("local", local));
        assertThat(answers(pods.get("a"), "10.96.0.15", 80)).containsExactly("a", "b");
        assertThat(answers(pods.get("c"), "10.96.0.15", 80)).containsExactly("c");
        Listener fewer = listener(
                Transport.TCP, Reach.INSIDE, Spread.SAME_NODE, OnEmpty.DROP, null, "10.96.0.15", 80, 8080, "10.4.1.2");
        installed(spec("local", fewer));
        assertThat(answers(pods.get("b"), "10.96.0.15", 80)).containsExactly("a");
        await().atMost(PATIENCE)
                .until(() -> !pods.get("c").tcp("10.96.0.15", 80, TCP_LIMIT).ok());
    }

    private static String udp(PodSandbox from, String target, int sourcePort) {
        return from.exec("/usr/bin/python3", "-I", "-c", UDP_CLIENT, target, "53", Integer.toString(sourcePort))
                .strip();
    }

    /** Same ports all along, so that only the flushed connection lets it reach the other member. */
    @Test
    void aFlowOfUdpMovesToAMemberThatIsLeft() {
        Listener two = udpListener("10.4.1.2");
        installed(spec("dns", two));
        await().atMost(PATIENCE)
                .until(() -> udp(pods.get("b"), "10.96.0.16", 40_000).equals("a"));
        installed(spec("dns", udpListener("10.4.2.2")));
        await().atMost(PATIENCE)
                .until(() -> udp(pods.get("b"), "10.96.0.16", 40_000).equals("c"));
    }

    private static Listener udpListener(String member) {
        return listener(
                Transport.UDP, Reach.INSIDE, Spread.ANYWHERE, OnEmpty.REFUSE, null, "10.96.0.16", 53, 5353, member);
    }

    @Test
    void theOutsideReachesWhatIsAtTheGatewayAndNothingElse() {
        installed(spec(
                "public",
                at(Reach.OUTSIDE, "203.0.113.31", 80, "10.4.1.2", "10.4.1.3", "10.4.2.2"),
                anywhere("203.0.113.31", 80, "10.4.1.2", "10.4.1.3", "10.4.2.2"),
                anywhere("203.0.113.32", 80, "10.4.1.2")));
        assertThat(answers(outside, "203.0.113.30", 80)).containsExactly("a", "c");
        assertThat(answers(outside, "203.0.113.31", 80)).containsExactly("a", "b", "c");
        assertThat(answers(pods.get("a"), "203.0.113.31", 80)).containsExactly("a", "b", "c");
        assertThat(outside.tcp("203.0.113.32", 80, TCP_LIMIT).ok()).isFalse();
        assertThat(answers(pods.get("c"), "203.0.113.32", 80)).containsExactly("a");
    }
}
