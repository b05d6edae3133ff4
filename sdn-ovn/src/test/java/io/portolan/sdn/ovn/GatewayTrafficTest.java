package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.GatewaySpec;
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
import io.portolan.testbed.PingStream;
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
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Connections between pods and the outside through a gateway made by the backend: two nodes with pods, the second of which
 * can have the gateway, and a machine that has it first. One host outside has several addresses; servers answer with the
 * address that they are called from.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GatewayTrafficTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration TCP_LIMIT = Duration.ofSeconds(2);
    private static final Cidr PODS = Cidr.parse("10.4.0.0/16");
    private static final int PEERS = 9090;
    private static final int EXCHANGES = 20;

    private static final String GATEWAY = "203.0.113.1";
    private static final String SNAT = "203.0.113.2";
    private static final String OUTSIDE = "203.0.113.10";
    /** Of a network to which pods are known by their own addresses. */
    private static final String OFFICE = "198.51.100.10";
    /** Behind the next hop, which has a route to the cluster's pods and to one more block of addresses of Services. */
    private static final String WORLD = "198.51.101.10";

    private static final String PEER_SERVER = """
            import socketserver, sys
            class Answer(socketserver.StreamRequestHandler):
                def handle(self):
                    if self.rfile.readline():
                        self.wfile.write(self.client_address[0].encode() + b'\\n')
            class Server(socketserver.ThreadingTCPServer):
                allow_reuse_address = True
                daemon_threads = True
            Server(('0.0.0.0', int(sys.argv[1])), Answer).serve_forever()
            """;

    private static final ClusterId CLUSTER = ClusterId.random();
    private static final Map<String, PodSandbox> pods = new LinkedHashMap<>();
    private static final Map<String, PortSpec> ports = new LinkedHashMap<>();
    private static Workspace workspace;
    private static OvnCentral central;
    private static TestingCentral northbound;
    private static SdnBackend backend;
    private static List<NodeHost> hosts;
    private static PodSandbox outside;
    private static String router;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            Fabric fabric = Fabric.create(workspace);
            central = OvnCentral.in(workspace).start();
            hosts = NodeHost.start(workspace, fabric, central, "node-1", "node-2", "edge");
            northbound = new TestingCentral(central.northbound().unixRemote());
            backend = northbound.backend(CLUSTER);
            router = backend.topology()
                    .ensureRouter(new RouterSpec(new ClusterName("outer"), List.of(PODS), null))
                    .id();
            join(hosts.get(0), 1, "a", "b");
            join(hosts.get(1), 2, "c");
            outside();
            backend.gateways().ensureGateway(gateway(true));
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

    private static GatewaySpec gateway(boolean snat) {
        return new GatewaySpec(
                router,
                List.of(PODS),
                Cidr.parse("10.96.0.0/12"),
                snat,
                List.of(Cidr.parse("198.51.100.0/24")),
                new GatewaySpec.Attachment(
                        "physnet",
                        null,
                        Cidr.parse("203.0.113.0/24"),
                        IpAddress.parse(GATEWAY),
                        IpAddress.parse(OUTSIDE),
                        IpAddress.parse(SNAT),
                        List.of("edge", "node-2")));
    }

    private static void join(NodeHost host, int n, String... names) {
        Cidr cidr = Cidr.parse("10.4.%d.0/24".formatted(n));
        IpAddress first = cidr.address(1);
        SubnetId subnet = SubnetId.random();
        NodeId node = NodeId.random();
        backend.topology()
                .ensureSwitch(new SwitchSpec(
                        node,
                        new NodeName(host.name()),
                        router,
                        List.of(new SwitchSpec.Subnet(subnet, cidr, first, MacAddress.derivedFrom(first))),
                        null,
                        host.chassis(),
                        NodeHost.POD_MTU));
        for (int i = 0; i < names.length; i++) {
            IpAddress ip = cidr.address(2 + i);
            PortSpec port = new PortSpec(PortId.random(), subnet, MacAddress.derivedFrom(ip), List.of(ip), null);
            ports.put(names[i], port);
            plug(
                    host,
                    names[i],
                    port,
                    backend.ports().ensure(node, List.of(port)).getFirst().backendId(),
                    first);
        }
    }

    private static void plug(NodeHost host, String name, PortSpec port, String iface, IpAddress first) {
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
                        "route add default via " + first);
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
        servePeers(pod, "peers-" + name);
        pods.put(name, pod);
    }

    private static void servePeers(PodSandbox where, String label) {
        workspace
                .daemon(label, "/usr/bin/python3", "-I", "-c", PEER_SERVER, Integer.toString(PEERS))
                .inside(where.namespace())
                .grace(Duration.ZERO)
                .start();
    }

    /** A segment that every machine is on, and the one host there, which is the next hop and all that is behind it. */
    private static void outside() {
        outside = PodSandbox.create(workspace, "outside");
        outside.namespace()
                .ip(
                        "link add br0 type bridge",
                        "link set br0 up",
                        "addr add " + OUTSIDE + "/24 dev br0",
                        "addr add " + OFFICE + "/32 dev br0",
                        "addr add " + WORLD + "/32 dev br0",
                        "addr add 10.96.77.77/32 dev br0",
                        "addr add 10.4.77.77/32 dev br0");
        outside.namespace().withoutOffloads("br0");
        for (int n = 0; n < hosts.size(); n++) {
            NodeHost host = hosts.get(n);
            outside.namespace()
                    .ip(
                            "link add o%d type veth peer name ext0 netns %s"
                                    .formatted(n, host.namespace().name()),
                            "link set o%d master br0 up".formatted(n));
            outside.namespace().withoutOffloads("o" + n);
            host.namespace().ip("link set ext0 up");
            host.namespace().withoutOffloads("ext0");
            host.vsctl(("add-br br-ex -- set Bridge br-ex datapath_type=netdev -- add-port br-ex ext0"
                            + " -- set Open_vSwitch . external_ids:ovn-bridge-mappings=physnet:br-ex")
                    .split(" "));
        }
        outside.namespace()
                .ip(
                        "route add 10.4.1.0/24 via 203.0.113.1 src " + OFFICE,
                        "route add 10.4.2.0/24 via 203.0.113.1 src " + OFFICE,
                        "route add 203.0.114.0/24 via 203.0.113.1 src " + OUTSIDE);
        servePeers(outside, "peers-outside");
        outside.serveTcp(8080, "outside");
    }

    private static String address(String pod) {
        return ports.get(pod).addresses().getFirst().toString();
    }

    private static Set<String> answers(PodSandbox from, String target, int port) {
        await(target)
                .atMost(PATIENCE)
                .until(() -> from.tcp(target, port, TCP_LIMIT).ok());
        Set<String> said = new TreeSet<>();
        for (int i = 0; i < EXCHANGES; i++) {
            TcpExchange exchange = from.tcp(target, port, TCP_LIMIT);
            assertThat(exchange.ok()).as(exchange.said()).isTrue();
            said.add(exchange.said());
        }
        return said;
    }

    /** Whom the server there sees. */
    private static String seenBy(PodSandbox from, String target) {
        await().atMost(PATIENCE).until(() -> from.tcp(target, PEERS, TCP_LIMIT).ok());
        return from.tcp(target, PEERS, TCP_LIMIT).said();
    }

    private static boolean reaches(PodSandbox from, String target) {
        return from.tcp(target, PEERS, TCP_LIMIT).ok();
    }

    private static void balance(String... addresses) {
        List<Listener> listeners = Arrays.stream(addresses)
                .flatMap(address -> List.of(listener(address, 80, 8080), listener(address, PEERS, PEERS)).stream())
                .toList();
        LoadBalancerSpec spec =
                new LoadBalancerSpec(LoadBalancerId.of(CLUSTER, "ns", "public"), "ns/public", listeners);
        assertThat(backend.loadBalancers().ensure(List.of(spec)).values()).allMatch(s -> s instanceof Settled.Done);
        central.awaitInstalled();
    }

    private static Listener listener(String address, int port, int target) {
        return new Listener(
                new Frontend(IpAddress.parse(address), Transport.TCP, port, Reach.OUTSIDE),
                Spread.ANYWHERE,
                OnEmpty.REFUSE,
                null,
                List.of(),
                new Pool(
                        address + "-" + port,
                        ports.values().stream()
                                .map(each -> new Member(each.addresses().getFirst(), target, null, null))
                                .toList()));
    }

    private static void floating(FloatingIpId id, String address, String pod) {
        PortSpec port = ports.get(pod);
        backend.floatingIps()
                .ensureFloatingIp(new FloatingIpSpec(
                        id,
                        router,
                        IpAddress.parse(address),
                        new FloatingIpSpec.Target(
                                port.id(),
                                port.addresses().getFirst(),
                                port.id().toString())));
        central.awaitInstalled();
    }

    @Test
    @Order(1)
    void podsAreSeenOutsideByTheAddressOfTheGateway() {
        for (PodSandbox pod : pods.values()) {
            assertThat(seenBy(pod, OUTSIDE)).isEqualTo(SNAT);
            assertThat(seenBy(pod, WORLD)).isEqualTo(SNAT);
        }
    }

    @Test
    @Order(2)
    void whoIsExemptMeetsPodsByTheirOwnAddressesBothWays() {
        pods.forEach((name, pod) -> {
            assertThat(seenBy(pod, OFFICE)).isEqualTo(address(name));
            assertThat(seenBy(outside, address(name))).isEqualTo(OFFICE);
        });
    }

    @Test
    @Order(3)
    void anOutsideClientGetsEveryEndpointAndIsSeenByItsOwnAddress() {
        String inside = "203.0.113.30";
        String routed = "203.0.114.30";
        balance(inside, routed);
        for (String address : List.of(inside, routed)) {
            assertThat(answers(outside, address, 80)).containsExactly("a", "b", "c");
            assertThat(answers(outside, address, PEERS)).containsExactly(OUTSIDE);
        }
    }

    @Test
    @Order(4)
    void whatNoPodAndNoServiceHasIsNotLookedForOutside() {
        for (PodSandbox pod : pods.values()) {
            assertThat(reaches(pod, WORLD)).isTrue();
            assertThat(reaches(pod, "10.96.77.77")).isFalse();
            assertThat(reaches(pod, "10.4.77.77")).isFalse();
        }
        assertThat(reaches(outside, "203.0.114.77")).isFalse();
    }

    @Test
    @Order(5)
    void aFloatingAddressLeadsToItsPodAndMovesAndGoes() {
        FloatingIpId id = FloatingIpId.random();
        String address = "203.0.113.21";
        floating(id, address, "a");
        assertThat(answers(outside, address, 8080)).containsExactly("a");
        assertThat(seenBy(outside, address)).isEqualTo(OUTSIDE);
        assertThat(seenBy(pods.get("a"), WORLD)).isEqualTo(address);
        assertThat(seenBy(pods.get("b"), WORLD)).isEqualTo(SNAT);
        assertThat(answers(pods.get("c"), address, 8080)).containsExactly("a");
        balance("203.0.113.30");
        assertThat(answers(outside, "203.0.113.30", 80))
                .as("a balanced member may have one")
                .containsExactly("a", "b", "c");

        floating(id, address, "c");
        assertThat(answers(outside, address, 8080)).containsExactly("c");
        assertThat(seenBy(pods.get("a"), WORLD)).isEqualTo(SNAT);
        assertThat(seenBy(pods.get("c"), WORLD)).isEqualTo(address);

        backend.floatingIps().deleteFloatingIp(id);
        central.awaitInstalled();
        assertThat(reaches(outside, address)).isFalse();
        assertThat(seenBy(pods.get("c"), WORLD)).isEqualTo(SNAT);
    }

    @Test
    @Order(6)
    void theSecondChassisTakesOverFromADeadOne() {
        balance("203.0.113.30");
        assertThat(answers(outside, "203.0.113.30", 80)).containsExactly("a", "b", "c");
        try (PingStream stream = pods.get("a").pingUntilStopped(WORLD, Duration.ofMillis(100))) {
            await().atMost(PATIENCE).until(() -> stream.received() > 10);
            long begin = System.nanoTime();
            hosts.get(2).vswitch().kill9();
            hosts.get(2).controller().kill9();
            hosts.get(2).namespace().ip("link set ext0 down");
            long before = stream.received();
            await().atMost(PATIENCE).until(() -> stream.received() > before + 10);
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            assertThat(took).isLessThan(Duration.ofSeconds(20));
        }
        assertThat(seenBy(pods.get("a"), WORLD)).isEqualTo(SNAT);
        assertThat(answers(outside, "203.0.113.30", 80)).containsExactly("a", "b", "c");
    }

    @Test
    @Order(7)
    void withoutSnatEverybodyMeetsPodsByTheirOwnAddresses() {
        backend.gateways().ensureGateway(gateway(false));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(seenBy(pods.get("a"), WORLD)).isEqualTo(address("a")));
        assertThat(seenBy(outside, address("c"))).isEqualTo(OFFICE);
    }

    @Test
    @Order(8)
    void withoutAGatewayNothingPassesAndNothingIsLeft() {
        backend.loadBalancers().delete(List.of(LoadBalancerId.of(CLUSTER, "ns", "public")));
        backend.gateways().deleteGateway();
        central.nbctl("--wait=sb", "sync");
        assertThat(backend.gateways().hasGateway()).isFalse();
        await().atMost(PATIENCE).until(() -> !reaches(pods.get("a"), OUTSIDE));
        assertThat(reaches(outside, address("c"))).isFalse();
        assertThat(northbound.dump())
                .doesNotContainKeys(
                        "NAT", "Address_Set", "Logical_Router_Static_Route", "Logical_Router_Policy", "Load_Balancer");
        assertThat(northbound.dump().get("Logical_Switch")).hasSize(2);
        assertThat(northbound.dump().get("Gateway_Chassis")).hasSize(2);
    }
}
