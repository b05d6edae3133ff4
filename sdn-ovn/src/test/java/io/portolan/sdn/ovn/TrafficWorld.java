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
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SwitchSpec;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.TcpExchange;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Machines with a cluster of the backend's on them, and an outside. Nodes have pods; all machines are on a segment on which
 * there is one host, which is the next hop and all that is behind it. Pods answer on TCP port 8080 with their names, on
 * {@link #PEERS} with the address that they are called from, and on UDP port 5353 with their names.
 */
final class TrafficWorld implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    static final Duration TCP_LIMIT = Duration.ofSeconds(2);
    /** A packet that is lost is sent again; on a busy machine several are. */
    private static final Duration EVENTUALLY = Duration.ofSeconds(30);

    static final Cidr PODS = Cidr.parse("10.4.0.0/16");
    static final int PEERS = 9090;

    static final String GATEWAY = "203.0.113.1";
    static final String SNAT = "203.0.113.2";
    static final String OUTSIDE = "203.0.113.10";
    /** Of a network to which pods are known by their own addresses. */
    static final String OFFICE = "198.51.100.10";
    /** Behind the next hop, which has a route to the cluster's pods and to one more block of addresses of Services. */
    static final String WORLD = "198.51.101.10";

    /** So many that one of three backends is missed once in a thousand million times. */
    private static final int EXCHANGES = 54;

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

    private static final String UDP_SERVER = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', 5353))
            print('listens', flush=True)
            while True:
                data, peer = s.recvfrom(2048)
                s.sendto(sys.argv[1].encode(), peer)
            """;

    /** Asks so often from a port and an address until it is answered. */
    private static final String UDP_CLIENT = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((sys.argv[4], int(sys.argv[3])))
            s.settimeout(1)
            for i in range(int(sys.argv[5])):
                s.sendto(b'hello', (sys.argv[1], int(sys.argv[2])))
                try:
                    print(s.recvfrom(2048)[0].decode())
                    break
                except (socket.timeout, ConnectionError):
                    pass
            """;

    /** One exchange over TCP from an address. */
    private static final String TCP_CLIENT = """
            import socket, sys
            limit = float(sys.argv[4])
            try:
                with socket.create_connection((sys.argv[1], int(sys.argv[2])), limit, (sys.argv[3], 0)) as s:
                    s.sendall(b'hello\\n')
                    print(s.recv(1024).decode().strip())
            except OSError as e:
                print(type(e).__name__)
            """;

    final ClusterId cluster = ClusterId.random();
    final Workspace workspace = Workspace.create();
    final Map<String, PodSandbox> pods = new LinkedHashMap<>();
    final Map<String, PortSpec> ports = new LinkedHashMap<>();
    final Map<String, NodeId> nodes = new LinkedHashMap<>();
    final OvnCentral central;
    final List<NodeHost> hosts;
    final TestingCentral northbound;
    final SdnBackend backend;
    final String router;
    private PodSandbox outside;

    TrafficWorld(String... machines) {
        try {
            Fabric fabric = Fabric.create(workspace);
            central = OvnCentral.in(workspace).start();
            hosts = NodeHost.start(workspace, fabric, central, machines);
            northbound = new TestingCentral(central.northbound().unixRemote());
            backend = northbound.backend(cluster);
            router = backend.topology()
                    .ensureRouter(new RouterSpec(new ClusterName("traffic"), List.of(PODS), null))
                    .id();
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @Override
    public void close() {
        northbound.close();
        workspace.close();
    }

    /** A node of block {@code 10.4.n.0/24}; its pods have addresses from {@code .2} upward. */
    void join(NodeHost host, int n, String... names) {
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
        nodes.put(host.name(), node);
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

    private void plug(NodeHost host, String name, PortSpec port, String iface, IpAddress first) {
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
        serve("peers-" + name, pod, PEER_SERVER, Integer.toString(PEERS));
        serve("udp-" + name, pod, UDP_SERVER, name);
        pods.put(name, pod);
    }

    private void serve(String label, PodSandbox where, String program, String argument) {
        workspace
                .daemon(label, "/usr/bin/python3", "-I", "-c", program, argument)
                .inside(where.namespace())
                .grace(Duration.ZERO)
                .start();
    }

    /** Makes the segment with the one host; every machine has the bridge to it that {@code physnet} is mapped to. */
    void withOutside() {
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
        serve("peers-outside", outside, PEER_SERVER, Integer.toString(PEERS));
        outside.serveTcp(8080, "outside");
    }

    PodSandbox outside() {
        return outside;
    }

    /** @param chassis the preferred one first */
    GatewaySpec gateway(boolean snat, String... chassis) {
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
                        List.of(chassis)));
    }

    /** A machine itself, which has an address on the segment and a route to the cluster addresses of Services. */
    PodSandbox machine(int n, String address) {
        hosts.get(n)
                .namespace()
                .ip(
                        "addr add " + address + "/24 dev br-ex",
                        "link set br-ex up",
                        "route add 10.96.0.0/12 via " + GATEWAY);
        hosts.get(n).namespace().withoutOffloads("br-ex");
        return PodSandbox.around(workspace, hosts.get(n).namespace());
    }

    String address(String pod) {
        return ports.get(pod).addresses().getFirst().toString();
    }

    static Set<String> answers(PodSandbox from, String target, int port) {
        await(target)
                .atMost(PATIENCE)
                .until(() -> from.tcp(target, port, TCP_LIMIT).ok());
        List<TcpExchange> exchanges = from.tcp(target, port, EVENTUALLY, EXCHANGES);
        assertThat(exchanges).allMatch(TcpExchange::ok);
        return exchanges.stream().map(TcpExchange::said).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whom the server there sees. */
    static String seenBy(PodSandbox from, String target) {
        await().atMost(PATIENCE).until(() -> from.tcp(target, PEERS, TCP_LIMIT).ok());
        return from.tcp(target, PEERS, EVENTUALLY).said();
    }

    static boolean reaches(PodSandbox from, String target) {
        return from.tcp(target, PEERS, TCP_LIMIT).ok();
    }

    /** What is answered, or the name of what went wrong. */
    static String tcpFrom(PodSandbox where, String source, String target, int port, Duration limit) {
        return where.exec(
                        "/usr/bin/python3",
                        "-I",
                        "-c",
                        TCP_CLIENT,
                        target,
                        Integer.toString(port),
                        source,
                        Double.toString(limit.toMillis() / 1000.0))
                .strip();
    }

    /** @return what is answered; empty for nothing */
    static String udpFrom(PodSandbox where, String source, int sourcePort, String target, int port, int tries) {
        return where.exec(
                        "/usr/bin/python3",
                        "-I",
                        "-c",
                        UDP_CLIENT,
                        target,
                        Integer.toString(port),
                        Integer.toString(sourcePort),
                        source,
                        Integer.toString(tries))
                .strip();
    }
}
