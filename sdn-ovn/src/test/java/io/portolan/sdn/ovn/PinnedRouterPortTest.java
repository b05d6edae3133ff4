package io.portolan.sdn.ovn;

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
import io.portolan.model.SubnetId;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SwitchSpec;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Ping;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.TcpExchange;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What works with every router port pinned to its own node, on three chassis: pods among each other, balancers, NAT and
 * an external gateway, which later issues make and which is made here by hand. The third node is the gateway; all are on
 * an external network with one host. {@code docs/adr/0003-router-port-pinned-to-its-node.md} has the outcome in words.
 */
class PinnedRouterPortTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration TCP_LIMIT = Duration.ofSeconds(2);
    private static final Cidr PODS = Cidr.parse("10.4.0.0/16");
    private static final String OUTSIDE = "203.0.113.10";
    private static final int NODES = 3;

    /** So many that one of two backends is missed once in half a million runs. */
    private static final int EXCHANGES = 20;

    private static Workspace workspace;
    private static OvnCentral central;
    private static TestingCentral northbound;
    private static SdnBackend backend;
    private static List<NodeHost> hosts;
    private static PodSandbox outside;
    private static String router;
    private static final List<NodeId> nodes = new ArrayList<>();
    private static final List<PortId> ports = new ArrayList<>();
    private static final List<PodSandbox> pods = new ArrayList<>();

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            Fabric fabric = Fabric.create(workspace);
            central = OvnCentral.in(workspace).start();
            hosts = NodeHost.start(workspace, fabric, central, "node-1", "node-2", "node-3");
            northbound = new TestingCentral(central.northbound().unixRemote());
            backend = northbound.backend(ClusterId.random());
            router = backend.topology()
                    .ensureRouter(new RouterSpec(new ClusterName("pinned"), List.of(PODS), null))
                    .id();
            for (int n = 1; n <= NODES; n++) {
                join(n);
            }
            external();
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

    private static Cidr subnet(int node) {
        return Cidr.parse("10.4.%d.0/24".formatted(node));
    }

    private static String address(int node) {
        return subnet(node).address(2).toString();
    }

    /** A node with one pod, by the backend under test; only the veth is plugged by hand. */
    private static void join(int n) {
        NodeHost host = hosts.get(n - 1);
        IpAddress gateway = subnet(n).address(1);
        SubnetId subnet = SubnetId.random();
        NodeId node = NodeId.random();
        backend.topology()
                .ensureSwitch(new SwitchSpec(
                        node,
                        new NodeName(host.name()),
                        router,
                        List.of(new SwitchSpec.Subnet(subnet, subnet(n), gateway, MacAddress.derivedFrom(gateway))),
                        null,
                        host.chassis(),
                        NodeHost.POD_MTU));
        IpAddress ip = subnet(n).address(2);
        PortSpec port = new PortSpec(PortId.random(), subnet, MacAddress.derivedFrom(ip), List.of(ip), null);
        String iface = backend.ports().ensure(node, List.of(port)).getFirst().backendId();
        nodes.add(node);
        ports.add(port.id());
        PodSandbox pod = PodSandbox.create(workspace, "pod-" + n);
        host.namespace()
                .ip(
                        "link add v0 type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        port.mac(),
                                        NodeHost.POD_MTU,
                                        pod.namespace().name()),
                        "link set v0 up");
        pod.namespace().withoutOffloads("eth0");
        pod.namespace()
                .ip("addr add %s/24 dev eth0".formatted(ip), "link set eth0 up", "route add default via " + gateway);
        host.vsctl("add-port", "br-int", "v0", "--", "set", "Interface", "v0", "external_ids:iface-id=" + iface);
        pod.serveTcp(8080, "pod-" + n);
        pods.add(pod);
    }

    /** A segment that all nodes and one host are on, and the router's port there, on node 3. */
    private static void external() {
        outside = PodSandbox.create(workspace, "outside");
        outside.namespace().ip("link add br0 type bridge", "addr add " + OUTSIDE + "/24 dev br0", "link set br0 up");
        outside.namespace().withoutOffloads("br0");
        for (int n = 1; n <= NODES; n++) {
            NodeHost host = hosts.get(n - 1);
            outside.namespace()
                    .ip(
                            "link add o%d type veth peer name ext0 netns %s"
                                    .formatted(n, host.namespace().name()),
                            "link set o%d master br0 up".formatted(n));
            outside.namespace().withoutOffloads("o" + n);
            host.namespace().ip("link set ext0 up");
            host.namespace().withoutOffloads("ext0");
            host.vsctl(
                    "add-br",
                    "br-ex",
                    "--",
                    "set",
                    "Bridge",
                    "br-ex",
                    "datapath_type=netdev",
                    "--",
                    "add-port",
                    "br-ex",
                    "ext0",
                    "--",
                    "set",
                    "Open_vSwitch",
                    ".",
                    "external_ids:ovn-bridge-mappings=physnet:br-ex");
        }
        outside.namespace().ip("route add 10.4.0.0/16 via 203.0.113.1");
        outside.serveTcp(8080, "outside");
        central.nbctl(("ls-add ext -- lsp-add ext ext-physnet -- lsp-set-type ext-physnet localnet"
                        + " -- lsp-set-addresses ext-physnet unknown"
                        + " -- lsp-set-options ext-physnet network_name=physnet"
                        + " -- lrp-add %1$s to-ext 02:00:00:00:01:01 203.0.113.1/24"
                        + " -- lrp-set-gateway-chassis to-ext node-3 10"
                        + " -- lsp-add ext ext-router -- lsp-set-type ext-router router"
                        + " -- lsp-set-addresses ext-router router"
                        + " -- lsp-set-options ext-router router-port=to-ext nat-addresses=router"
                        + " -- lr-route-add %1$s 0.0.0.0/0 " + OUTSIDE)
                .formatted(router)
                .split(" "));
    }

    private static void assertPings(PodSandbox from, String target) {
        await().atMost(PATIENCE).until(() -> from.ping(target, 1).answered());
        Ping ping = from.ping(target, 5);
        assertThat(ping.received()).as(ping.output()).isEqualTo(5);
    }

    /** Several exchanges, as each connection is balanced anew; returns who answered. */
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
    void everyRouterPortIsBoundToItsOwnChassis() {
        for (int n = 0; n < NODES; n++) {
            String redirect = "cr-" + Key.of(Key.Kind.ROUTER_PORT, nodes.get(n)).name();
            String chassis = hosts.get(n).chassis();
            await().atMost(PATIENCE).untilAsserted(() -> {
                String bound = central.sbctl(
                                "--bare", "--columns=chassis", "find", "Port_Binding", "logical_port=" + redirect)
                        .strip();
                assertThat(central.sbctl("--bare", "--columns=name", "list", "Chassis", bound)
                                .strip())
                        .isEqualTo(chassis);
            });
        }
    }

    @Test
    void podsOfDifferentNodesReachEachOther() {
        for (int from = 1; from <= NODES; from++) {
            for (int to = 1; to <= NODES; to++) {
                if (from != to) {
                    assertPings(pods.get(from - 1), address(to));
                    assertThat(answers(pods.get(from - 1), address(to), 8080)).containsExactly("pod-" + to);
                }
            }
        }
    }

    @Test
    void aBalancerOnTheSwitchesServesPodsOfAllNodes() {
        // In one transaction, see the ADR.
        String attached =
                nodes.stream().map(node -> " -- ls-lb-add " + node + " inner").collect(Collectors.joining());
        central.nbctl(("lb-add inner 10.96.0.10:80 " + address(2) + ":8080," + address(3) + ":8080 tcp" + attached)
                .split(" "));
        central.awaitInstalled();
        for (PodSandbox pod : pods) {
            assertThat(answers(pod, "10.96.0.10", 80)).containsExactly("pod-2", "pod-3");
        }
        central.nbctl("lb-del", "inner");
    }

    @Test
    void podsReachTheOutsideByTheirOwnAddressAndAreReachedByIt() {
        for (int n = 1; n <= NODES; n++) {
            assertPings(pods.get(n - 1), OUTSIDE);
            assertThat(answers(pods.get(n - 1), OUTSIDE, 8080)).containsExactly("outside");
            assertThat(answers(outside, address(n), 8080)).containsExactly("pod-" + n);
        }
    }

    @Test
    void podsReachTheOutsideBehindTheRoutersAddress() {
        central.nbctl("lr-nat-add", router, "snat", "203.0.113.2", PODS.toString());
        central.awaitInstalled();
        outside.namespace().ip("route del 10.4.0.0/16");
        try {
            for (PodSandbox pod : pods) {
                assertPings(pod, OUTSIDE);
                assertThat(answers(pod, OUTSIDE, 8080)).containsExactly("outside");
            }
        } finally {
            outside.namespace().ip("route add 10.4.0.0/16 via 203.0.113.1");
            central.nbctl("lr-nat-del", router, "snat");
        }
    }

    @Test
    void aFloatingAddressReachesItsPodByTheGateway() {
        central.nbctl("lr-nat-add", router, "dnat_and_snat", "203.0.113.21", address(1));
        central.awaitInstalled();
        assertPings(outside, "203.0.113.21");
        assertThat(answers(outside, "203.0.113.21", 8080)).containsExactly("pod-1");
        central.nbctl("lr-nat-add", router, "snat", "203.0.113.2", PODS.toString());
        central.awaitInstalled();
        assertThat(answers(pods.get(1), "203.0.113.21", 8080)).containsExactly("pod-1");
        central.nbctl("lr-nat-del", router);
    }

    @Test
    void aFloatingAddressReachesItsPodOnItsOwnNode() {
        central.nbctl(
                "lr-nat-add",
                router,
                "dnat_and_snat",
                "203.0.113.22",
                address(2),
                ports.get(1).toString(),
                "02:00:00:00:01:22");
        central.awaitInstalled();
        assertPings(outside, "203.0.113.22");
        assertThat(answers(outside, "203.0.113.22", 8080)).containsExactly("pod-2");
        assertPings(pods.get(1), OUTSIDE);
        central.nbctl("lr-nat-del", router, "dnat_and_snat");
    }

    /** Served at the first of the router's pinned ports by {@code _uuid}; a node's sort behind any other. */
    @Test
    void aBalancerOnTheRouterServesTheOutsideAtTheGateway() {
        central.nbctl("lb-add", "outer", "203.0.113.30:80", address(1) + ":8080," + address(2) + ":8080", "tcp");
        central.nbctl("lr-lb-add", router, "outer");
        central.awaitInstalled();
        assertThat(answers(outside, "203.0.113.30", 80)).containsExactly("pod-1", "pod-2");
        central.nbctl("lr-lb-del", router, "outer", "--", "lb-del", "outer");
    }
}
