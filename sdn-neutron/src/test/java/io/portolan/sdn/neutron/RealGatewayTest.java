package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterName;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.ProfileId;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.ProfileSpec.Rule;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SdnSecurity;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.VmHost;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.openstack.CloudProject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Pods in a VM of a real cloud, and the world outside it, by the router's gateway and by floating IPs; and what passes between
 * the pods when their ports are closed unless bound.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RealGatewayTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration TCP_LIMIT = Duration.ofSeconds(2);
    private static final int PEERS = 9090;
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

    private static final String SENDER = """
            import socket, sys, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
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

    private static final List<PodSandbox> pods = new ArrayList<>();
    private static final FloatingIpId floating = FloatingIpId.random();
    private static Workspace workspace;
    private static RealCloud real;
    private static NeutronBackends backends;
    private static SdnBackend backend;
    private static TestingNode node;
    private static String router;
    private static VmHost vm;
    private static String routerAddress;
    private static String address;

    @BeforeAll
    static void start() {
        real = RealCloud.get();
        workspace = Workspace.create();
        backends = new NeutronBackends();
        try {
            CloudProject project = real.project("floating");
            Tenant tenant = new Tenant(project.id(), project.login(), project.api());
            admitEverybody(tenant);
            node = TestingNode.of("10.4.0.0/26", 3, tenant.vmPort());
            backend = backends.backend(node.cluster(), tenant.target(), null);
            router = backend.topology()
                    .ensureRouter(new RouterSpec(
                            new ClusterName("blue"),
                            List.of(Cidr.parse("10.4.0.0/16")),
                            real.external().id()))
                    .id();
            backend.topology().ensureSwitch(node.spec(router));
            backend.ports().ensure(node.node(), node.ports().subList(0, 2));
            vm = real.hypervisor().plugVm("vm-gateway", node.parent());
            plug(vm, 0);
            plug(vm, 1);
            servePeers(real.outside(), "peers-outside");
        } catch (RuntimeException | Error e) {
            backends.close();
            workspace.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        backends.close();
        workspace.close();
    }

    /** A project's default group lets nobody in. */
    private static void admitEverybody(Tenant tenant) {
        String group = tenant.api()
                .network()
                .get("/security-groups?project_id=" + tenant.id())
                .at("/security_groups/0/id")
                .asString();
        tenant.api()
                .network()
                .post(
                        "/security-group-rules",
                        Map.of(
                                "security_group_rule",
                                Map.of("security_group_id", group, "direction", "ingress", "ethertype", "IPv4")));
    }

    private static void plug(VmHost vm, int i) {
        PodSandbox pod = PodSandbox.create(workspace, "pod-" + i);
        vm.namespace()
                .ip(
                        "link add v%d type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        i,
                                        node.port(i).mac(),
                                        NodeHost.POD_MTU,
                                        pod.namespace().name()),
                        "link set v%d up".formatted(i));
        pod.namespace().withoutOffloads("eth0");
        pod.namespace()
                .ip(
                        "addr add %s/26 dev eth0".formatted(own(i)),
                        "link set eth0 up",
                        "route add default via " + node.subnet().gateway());
        vm.vsctl(
                "add-port",
                VmHost.BRIDGE,
                "v" + i,
                "tag=" + node.port(i).nesting().tag().id());
        servePeers(pod, "peers-" + i);
        pod.serveTcp(8080, "pod-" + i);
        pods.add(pod);
    }

    private static void servePeers(PodSandbox where, String label) {
        workspace
                .daemon(label, "/usr/bin/python3", "-I", "-c", PEER_SERVER, Integer.toString(PEERS))
                .inside(where.namespace())
                .grace(Duration.ZERO)
                .start();
    }

    private static IpAddress own(int i) {
        return node.port(i).addresses().getFirst();
    }

    private static String said(PodSandbox from, String target, int port) {
        await(target)
                .atMost(PATIENCE)
                .until(() -> from.tcp(target, port, TCP_LIMIT).ok());
        return from.tcp(target, port, TCP_LIMIT).said();
    }

    private static GatewaySpec gateway(boolean snat) {
        return new GatewaySpec(router, List.of(Cidr.parse("10.4.0.0/16")), null, snat, List.of(), null);
    }

    private static IpAddress lead(Integer pod) {
        FloatingIpSpec.Target target = null;
        if (pod != null) {
            String id = backend.ports().list(node.node()).stream()
                    .filter(port -> port.id().equals(node.ids().get(pod)))
                    .map(SdnPort::backendId)
                    .findFirst()
                    .orElseThrow();
            target = new FloatingIpSpec.Target(node.ids().get(pod), own(pod), id);
        }
        return backend.floatingIps().ensureFloatingIp(new FloatingIpSpec(floating, router, null, target));
    }

    @Test
    @Order(1)
    void podsAreSeenOutsideByTheRoutersAddress() {
        List<IpAddress> addresses = backend.gateways().ensureGateway(gateway(true));
        assertThat(addresses).hasSize(1);
        routerAddress = addresses.getFirst().toString();
        for (PodSandbox pod : pods) {
            assertThat(said(pod, RealCloud.OUTSIDE, PEERS)).isEqualTo(routerAddress);
        }
    }

    @Test
    @Order(2)
    void toTranslateNothingIsForAdministrators() {
        assertThatThrownBy(() -> backend.gateways().ensureGateway(gateway(false)))
                .asInstanceOf(type(Refused.class))
                .extracting(Refused::reason)
                .isEqualTo(Reason.NOT_ALLOWED);
        assertThat(said(pods.getFirst(), RealCloud.OUTSIDE, PEERS)).isEqualTo(routerAddress);
    }

    @Test
    @Order(3)
    void aFloatingIpLeadsToItsPodAndMoves() {
        address = lead(0).toString();
        assertThat(said(real.outside(), address, 8080)).isEqualTo("pod-0");
        assertThat(said(real.outside(), address, PEERS)).isEqualTo(RealCloud.OUTSIDE);
        assertThat(said(pods.getFirst(), RealCloud.OUTSIDE, PEERS)).isEqualTo(address);
        assertThat(lead(0)).as("again changes nothing").hasToString(address);
        assertThat(lead(1)).as("its address stays").hasToString(address);
        await().atMost(PATIENCE)
                .until(() -> real.outside().tcp(address, 8080, TCP_LIMIT).said().equals("pod-1"));
        assertThat(said(pods.getFirst(), RealCloud.OUTSIDE, PEERS)).isEqualTo(routerAddress);
        assertThat(backend.floatingIps().ownFloatingIps())
                .containsExactly(new SdnFloatingIps.FloatingIp(floating, IpAddress.parse(address), own(1)));
    }

    @Test
    @Order(4)
    void oneThatLeadsNowhereKeepsItsAddressUntilItIsDeleted() {
        assertThat(lead(null)).hasToString(address);
        await().atMost(PATIENCE)
                .until(() -> !real.outside().tcp(address, 8080, TCP_LIMIT).ok());
        assertThat(backend.floatingIps().ownFloatingIps())
                .containsExactly(new SdnFloatingIps.FloatingIp(floating, IpAddress.parse(address), null));
        backend.floatingIps().deleteFloatingIp(floating);
        backend.floatingIps().deleteFloatingIp(floating);
        assertThat(backend.floatingIps().ownFloatingIps()).isEmpty();
    }

    @Test
    @Order(5)
    void aPodMeetsNobodyFromItsFirstPacketUntilItIsBoundAndThenWhomItsProfileAllows() throws IOException {
        SdnSecurity security = backend.security();
        String client = profile(Direction.EGRESS, Protocol.ANY, null);
        String server = profile(Direction.INGRESS, Protocol.UDP, new PortRange(7000, 7000));
        security.close(List.of(node.node()));
        security.bind(List.of(binding(0, client)));
        await("closed")
                .atMost(PATIENCE)
                .until(() ->
                        !pods.getFirst().tcp(own(1).toString(), 8080, TCP_LIMIT).ok());
        try (Daemon right = sends(0, 2, 7000);
                Daemon wrong = sends(0, 2, 7001)) {
            backend.ports().ensure(node.node(), List.of(node.port(2)));
            plug(vm, 2);
            try (Daemon hears = hears(2, 7000);
                    Daemon hearsWrong = hears(2, 7001)) {
                await("carried")
                        .atMost(PATIENCE)
                        .until(() -> backend.ports().list(node.node()).stream().allMatch(SdnPort::ready));
                await("two hundred packets more")
                        .pollDelay(Duration.ofSeconds(2))
                        .until(() -> right.alive() && wrong.alive());
                assertThat(heard(hears)).as("before the bind").isZero();
                security.bind(List.of(binding(2, server)));
                await("heard").atMost(PATIENCE).until(() -> heard(hears) > 10);
                security.bind(List.of(binding(2)));
                AtomicLong last = new AtomicLong();
                await("silent for a second")
                        .atMost(PATIENCE)
                        .pollInterval(Duration.ofSeconds(1))
                        .until(() -> last.getAndSet(heard(hears)) == last.get());
                String other = profile(Direction.INGRESS, Protocol.UDP, new PortRange(7001, 7001));
                long closed = heard(hears);
                assertThat(heard(hearsWrong)).isZero();
                security.bind(List.of(binding(2, other)));
                await("heard").atMost(PATIENCE).until(() -> heard(hearsWrong) > 10);
                assertThat(heard(hears)).as("of the set before").isEqualTo(closed);
            }
        }
    }

    @Test
    @Order(6)
    void aPolicyNarrowsWhatAProfileAllowsFromTheFirstPacketAndWhileAPodRuns() throws IOException {
        SdnSecurity security = backend.security();
        String open = profile(rule(Direction.INGRESS, Protocol.ANY, null), rule(Direction.EGRESS, Protocol.ANY, null));
        ProfileId only = new ProfileId(UUID.randomUUID());
        String policy = security.ensurePolicies(List.of(letIn(only, Protocol.TCP, 8080, own(0))))
                .get(only);
        security.bind(List.of(binding(0, open), binding(1), binding(2, open)));
        String server = own(1).toString();
        try (Daemon denied = sends(2, 1, 7002);
                Daemon hears = hears(1, 7002)) {
            security.bind(List.of(binding(1, open, policy)));
            assertThat(said(pods.get(0), server, 8080)).isEqualTo("pod-1");
            assertThat(pods.get(0).tcp(server, PEERS, TCP_LIMIT).ok())
                    .as("another port")
                    .isFalse();
            assertThat(pods.get(2).tcp(server, 8080, TCP_LIMIT).ok())
                    .as("another pod")
                    .isFalse();
            assertThat(said(pods.get(1), own(2).toString(), 8080))
                    .as("the other direction")
                    .isEqualTo("pod-2");
            assertThat(denied.alive()).isTrue();
            assertThat(heard(hears)).as("from before it was bound").isZero();
            security.ensurePolicies(List.of(letIn(only, Protocol.UDP, 7002, own(2))));
            await("heard").atMost(PATIENCE).until(() -> heard(hears) > 10);
            await("not any more")
                    .atMost(PATIENCE)
                    .until(() -> !pods.get(0).tcp(server, 8080, TCP_LIMIT).ok());
        }
        security.bind(List.of(binding(1, open)));
        assertThat(said(pods.get(2), server, 8080)).isEqualTo("pod-1");
        security.deletePolicy(only);
        assertThat(security.ownPolicies()).isEmpty();
    }

    private static PolicySpec letIn(ProfileId id, Protocol protocol, int port, IpAddress from) {
        return new PolicySpec(
                id,
                "shop/only",
                Set.of(Direction.INGRESS),
                new TreeMap<>(Map.of("in", Set.of(Cidr.parse(from + "/32")))),
                List.of(new PolicySpec.Rule(Direction.INGRESS, protocol, new PortRange(port, port), "in", null)));
    }

    private static Rule rule(Direction direction, Protocol protocol, PortRange ports) {
        return new Rule(direction, Action.ALLOW, 0, protocol, ports, new Remote.Anyone(), false);
    }

    private static String profile(Rule... rules) {
        ProfileId id = new ProfileId(UUID.randomUUID());
        return backend.security()
                .ensureProfiles(List.of(new ProfileSpec(id, "traffic", List.of(rules))))
                .get(id);
    }

    private static String profile(Direction direction, Protocol protocol, PortRange ports) {
        return profile(rule(direction, protocol, ports));
    }

    private static SdnSecurity.Binding binding(int pod, String... profiles) {
        String id = backend.ports().list(node.node()).stream()
                .filter(port -> port.id().equals(node.ids().get(pod)))
                .map(SdnPort::backendId)
                .findFirst()
                .orElseThrow();
        return new SdnSecurity.Binding(node.ids().get(pod), node.node(), id, Set.of(profiles));
    }

    /** From one pod to where another one is, or will be. */
    private static Daemon sends(int from, int to, int port) {
        return workspace
                .daemon("sends-" + port, "/usr/bin/python3", "-I", "-c", SENDER, own(to).toString(), "" + port)
                .inside(pods.get(from).namespace())
                .grace(Duration.ZERO)
                .start();
    }

    private static Daemon hears(int pod, int port) {
        return workspace
                .daemon("hears-" + port, "/usr/bin/python3", "-I", "-c", HEARER, "" + port)
                .inside(pods.get(pod).namespace())
                .grace(Duration.ZERO)
                .readyWhen(
                        "listens",
                        started -> Files.exists(started.log())
                                && started.log().toFile().length() > 0)
                .start();
    }

    private static long heard(Daemon hearer) throws IOException {
        return Files.readAllLines(hearer.log()).stream()
                .filter(line -> line.startsWith("heard"))
                .count();
    }
}
