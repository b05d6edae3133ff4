package io.portolan.sdn.ovn;

import static io.portolan.sdn.ovn.TrafficWorld.OFFICE;
import static io.portolan.sdn.ovn.TrafficWorld.OUTSIDE;
import static io.portolan.sdn.ovn.TrafficWorld.PATIENCE;
import static io.portolan.sdn.ovn.TrafficWorld.PEERS;
import static io.portolan.sdn.ovn.TrafficWorld.SNAT;
import static io.portolan.sdn.ovn.TrafficWorld.WORLD;
import static io.portolan.sdn.ovn.TrafficWorld.answers;
import static io.portolan.sdn.ovn.TrafficWorld.reaches;
import static io.portolan.sdn.ovn.TrafficWorld.seenBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.Transport;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Ping;
import io.portolan.testbed.PingStream;
import io.portolan.testbed.PodSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Connections between pods, nodes and the outside through a gateway made by the backend: two nodes with pods, the second of
 * which can have the gateway, and a machine that has it first. One host outside has several addresses; servers answer with
 * the address that they are called from.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GatewayTrafficTest {
    /** Not answered in this time is not answered. */
    private static final Duration DENIED = Duration.ofSeconds(1);

    private static final String LIMITED = "203.0.113.40";

    /** Asks again and again, over both, and says what it hears. */
    private static final String INSISTENT = """
            import socket, sys, time
            u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            u.bind((sys.argv[2], 40001))
            u.settimeout(0.01)
            print('asks', flush=True)
            while True:
                try:
                    u.sendto(b'hello', (sys.argv[1], 53))
                    print('heard by UDP', u.recvfrom(2048)[0].decode(), flush=True)
                except OSError:
                    pass
                try:
                    with socket.create_connection((sys.argv[1], 80), 0.05, (sys.argv[2], 0)):
                        print('connected', flush=True)
                except OSError:
                    pass
                time.sleep(0.01)
            """;

    private static TrafficWorld world;
    private static OvnCentral central;
    private static SdnBackend backend;
    private static PodSandbox outside;
    private static Map<String, PodSandbox> pods;

    @BeforeAll
    static void start() {
        world = new TrafficWorld("node-1", "node-2", "edge");
        try {
            world.join(world.hosts.get(0), 1, "a", "b");
            world.join(world.hosts.get(1), 2, "c");
            world.withOutside();
            central = world.central;
            backend = world.backend;
            outside = world.outside();
            pods = world.pods;
            gateway(true);
            central.awaitInstalled();
        } catch (RuntimeException | Error e) {
            world.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    private static void gateway(boolean snat) {
        backend.gateways().ensureGateway(world.gateway(snat, "edge", "node-2"));
    }

    private static void balance(String... addresses) {
        List<Listener> listeners = Arrays.stream(addresses)
                .flatMap(address -> List.of(listener(address, 80, 8080), listener(address, PEERS, PEERS)).stream())
                .toList();
        balance("public", listeners);
    }

    private static void balance(String name, List<Listener> listeners) {
        LoadBalancerSpec spec =
                new LoadBalancerSpec(LoadBalancerId.of(world.cluster, "ns", name), "ns/" + name, listeners);
        assertThat(backend.loadBalancers().ensure(List.of(spec)).values()).allMatch(s -> s instanceof Settled.Done);
        central.awaitInstalled();
    }

    private static Listener listener(String address, int port, int target) {
        return listener(Transport.TCP, Reach.OUTSIDE, address, port, target);
    }

    private static Listener listener(
            Transport transport, Reach reach, String address, int port, int target, String... sources) {
        return new Listener(
                new Frontend(IpAddress.parse(address), transport, port, reach),
                Spread.ANYWHERE,
                OnEmpty.REFUSE,
                null,
                Stream.of(sources).map(Cidr::parse).toList(),
                new Pool(
                        transport + "-" + port,
                        world.ports.values().stream()
                                .map(each -> new Member(each.addresses().getFirst(), target, null, null))
                                .toList()));
    }

    private static void floating(FloatingIpId id, String address, String pod) {
        PortSpec port = world.ports.get(pod);
        backend.floatingIps()
                .ensureFloatingIp(new FloatingIpSpec(
                        id,
                        world.router,
                        IpAddress.parse(address),
                        new FloatingIpSpec.Target(
                                port.id(),
                                port.addresses().getFirst(),
                                port.id().toString())));
        central.awaitInstalled();
    }

    @Test
    @Order(0)
    void everyNodesRouterPortIsBoundToItsOwnChassis() {
        for (NodeHost host : world.hosts.subList(0, 2)) {
            String redirect = "cr-"
                    + Key.of(Key.Kind.ROUTER_PORT, world.nodes.get(host.name())).name();
            await().atMost(PATIENCE).untilAsserted(() -> {
                String bound = central.sbctl(
                                "--bare", "--columns=chassis", "find", "Port_Binding", "logical_port=" + redirect)
                        .strip();
                assertThat(central.sbctl("--bare", "--columns=name", "list", "Chassis", bound)
                                .strip())
                        .isEqualTo(host.chassis());
            });
        }
    }

    @Test
    @Order(0)
    void podsOfDifferentNodesReachEachOther() {
        for (String from : List.of("a", "c")) {
            String to = from.equals("a") ? "c" : "a";
            await().atMost(PATIENCE)
                    .until(() -> pods.get(from).ping(world.address(to), 1).answered());
            Ping ping = pods.get(from).ping(world.address(to), 5);
            assertThat(ping.received()).as(ping.output()).isEqualTo(5);
            assertThat(answers(pods.get(from), world.address(to), 8080)).containsExactly(to);
        }
    }

    /** Which the backend never makes. */
    @Test
    @Order(1)
    void aFloatingAddressMayBeTranslatedOnItsPodsOwnNode() {
        String port = world.ports.get("b").id().toString();
        central.nbctl(
                "lr-nat-add",
                world.router,
                "dnat_and_snat",
                "203.0.113.22",
                world.address("b"),
                port,
                "02:00:00:00:01:22");
        central.awaitInstalled();
        assertThat(answers(outside, "203.0.113.22", 8080)).containsExactly("b");
        assertThat(seenBy(pods.get("b"), WORLD)).isEqualTo("203.0.113.22");
        central.nbctl("lr-nat-del", world.router, "dnat_and_snat", "203.0.113.22");
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
            assertThat(seenBy(pod, OFFICE)).isEqualTo(world.address(name));
            assertThat(seenBy(outside, world.address(name))).isEqualTo(OFFICE);
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
    void aNodeReachesServicesAsTheOutsideDoes() {
        balance("203.0.113.30", "10.96.0.30");
        Map<String, PodSandbox> machines = Map.of(
                "203.0.113.101", world.machine(0, "203.0.113.101"), "203.0.113.103", world.machine(2, "203.0.113.103"));
        machines.forEach((address, machine) -> {
            assertThat(answers(machine, "10.96.0.30", 80)).containsExactly("a", "b", "c");
            assertThat(seenBy(machine, "10.96.0.30")).isEqualTo(address);
            assertThat(seenBy(machine, "203.0.113.30")).isEqualTo(address);
        });
    }

    private static void limited(String... sources) {
        balance(
                "limited",
                List.of(
                        listener(Transport.TCP, Reach.OUTSIDE, LIMITED, 80, 8080, sources),
                        listener(Transport.UDP, Reach.OUTSIDE, LIMITED, 53, 5353, sources),
                        listener(Transport.TCP, Reach.INSIDE, LIMITED, 80, 8080)));
    }

    private static Daemon insistent(String source) {
        return world.workspace
                .daemon("insistent-" + System.nanoTime(), "/usr/bin/python3", "-I", "-c", INSISTENT, LIMITED, source)
                .inside(outside.namespace())
                .grace(Duration.ZERO)
                .readyWhen("asks", starting -> !heard(starting).isEmpty())
                .start();
    }

    private static List<String> heard(Daemon asking) {
        try {
            return Files.exists(asking.log()) ? Files.readAllLines(asking.log()) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertAdmitted(String source) {
        await(source).atMost(PATIENCE).untilAsserted(() -> {
            assertThat(TrafficWorld.tcpFrom(outside, source, LIMITED, 80, TrafficWorld.TCP_LIMIT))
                    .isIn("a", "b", "c");
            assertThat(TrafficWorld.udpFrom(outside, source, 40_000, LIMITED, 53, 3))
                    .isIn("a", "b", "c");
        });
    }

    private static void assertHeldBack(String source) {
        assertThat(TrafficWorld.tcpFrom(outside, source, LIMITED, 80, DENIED)).isEqualTo("TimeoutError");
        assertThat(TrafficWorld.udpFrom(outside, source, 40_000, LIMITED, 53, 1))
                .isEmpty();
    }

    @Test
    @Order(7)
    void aLimitedAddressAdmitsItsSourcesAndNobodyElseFromTheFirstPacketOn() {
        try (Daemon asking = insistent(WORLD)) {
            limited(OFFICE + "/32", "192.0.2.0/24");
            assertAdmitted(OFFICE);
            assertHeldBack(WORLD);
            assertHeldBack(OUTSIDE);
            for (PodSandbox pod : pods.values()) {
                assertThat(pod.tcp(LIMITED, 80, PATIENCE).said()).isIn("a", "b", "c");
                assertThat(seenBy(pod, WORLD)).isEqualTo(SNAT);
            }
            assertThat(seenBy(outside, world.address("a"))).isEqualTo(OFFICE);
            assertThat(heard(asking)).containsExactly("asks");
        }
    }

    @Test
    @Order(8)
    void whoIsTakenOutOfTheSourcesIsCutOffAndOthersAreAdmitted() {
        limited(WORLD + "/32");
        assertAdmitted(WORLD);
        assertHeldBack(OFFICE);
        limited("198.51.100.0/23");
        assertAdmitted(WORLD);
        assertAdmitted(OFFICE);
        assertHeldBack(OUTSIDE);
    }

    @Test
    @Order(9)
    void aGatewayThatIsMadeAnewHoldsBackFromItsFirstPacketOn() {
        limited(OFFICE + "/32");
        try (Daemon asking = insistent(OUTSIDE)) {
            backend.gateways().deleteGateway();
            central.awaitInstalled();
            gateway(true);
            central.awaitInstalled();
            assertAdmitted(OFFICE);
            assertHeldBack(OUTSIDE);
            assertThat(heard(asking)).containsExactly("asks");
        }
    }

    @Test
    @Order(10)
    void anAddressThatLosesItsSourcesIsOpenToEverybody() {
        limited();
        Stream.of(OFFICE, WORLD, OUTSIDE).forEach(GatewayTrafficTest::assertAdmitted);
        limited(OFFICE + "/32");
        assertHeldBack(WORLD);
    }

    @Test
    @Order(11)
    void theSecondChassisTakesOverFromADeadOne() {
        balance("203.0.113.30");
        limited(OFFICE + "/32");
        assertThat(answers(outside, "203.0.113.30", 80)).containsExactly("a", "b", "c");
        try (PingStream stream = pods.get("a").pingUntilStopped(WORLD, Duration.ofMillis(100))) {
            await().atMost(PATIENCE).until(() -> stream.received() > 10);
            long begin = System.nanoTime();
            world.hosts.get(2).vswitch().kill9();
            world.hosts.get(2).controller().kill9();
            world.hosts.get(2).namespace().ip("link set ext0 down");
            long before = stream.received();
            await().atMost(PATIENCE).until(() -> stream.received() > before + 10);
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            assertThat(took).isLessThan(Duration.ofSeconds(20));
        }
        assertThat(seenBy(pods.get("a"), WORLD)).isEqualTo(SNAT);
        assertThat(answers(outside, "203.0.113.30", 80)).containsExactly("a", "b", "c");
        assertAdmitted(OFFICE);
        assertHeldBack(WORLD);
    }

    @Test
    @Order(12)
    void withoutSnatEverybodyMeetsPodsByTheirOwnAddresses() {
        gateway(false);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(seenBy(pods.get("a"), WORLD)).isEqualTo(world.address("a")));
        assertThat(seenBy(outside, world.address("c"))).isEqualTo(OFFICE);
    }

    @Test
    @Order(13)
    void withoutAGatewayNothingPassesAndNothingIsLeft() {
        backend.loadBalancers()
                .delete(Stream.of("public", "limited")
                        .map(name -> LoadBalancerId.of(world.cluster, "ns", name))
                        .toList());
        backend.gateways().deleteGateway();
        central.nbctl("--wait=sb", "sync");
        assertThat(backend.gateways().hasGateway()).isFalse();
        await().atMost(PATIENCE).until(() -> !reaches(pods.get("a"), OUTSIDE));
        assertThat(reaches(outside, world.address("c"))).isFalse();
        assertThat(world.northbound.dump())
                .doesNotContainKeys(
                        "NAT",
                        "Address_Set",
                        "Logical_Router_Static_Route",
                        "Logical_Router_Policy",
                        "Load_Balancer",
                        "ACL");
        assertThat(world.northbound.dump().get("Logical_Switch")).hasSize(2);
        assertThat(world.northbound.dump().get("Gateway_Chassis")).hasSize(2);
    }
}
