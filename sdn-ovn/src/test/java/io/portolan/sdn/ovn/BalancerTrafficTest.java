package io.portolan.sdn.ovn;

import static io.portolan.sdn.ovn.TrafficWorld.PATIENCE;
import static io.portolan.sdn.ovn.TrafficWorld.TCP_LIMIT;
import static io.portolan.sdn.ovn.TrafficWorld.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.Transport;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.TcpExchange;
import java.time.Duration;
import java.util.Arrays;
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
    private static TrafficWorld world;
    private static OvnCentral central;
    private static SdnBackend backend;
    private static PodSandbox outside;
    private static Map<String, PodSandbox> pods;

    @BeforeAll
    static void start() {
        world = new TrafficWorld("node-1", "node-2");
        try {
            central = world.central;
            backend = world.backend;
            pods = world.pods;
            ensure(spec("early", anywhere("10.96.0.10", 80, "10.4.1.2", "10.4.1.3", "10.4.2.2")));
            world.join(world.hosts.get(0), 1, "a", "b");
            world.join(world.hosts.get(1), 2, "c");
            world.withOutside();
            outside = world.outside();
            ensure(spec("first-outside", at(Reach.OUTSIDE, "203.0.113.30", 80, "10.4.1.2", "10.4.2.2")));
            backend.gateways().ensureGateway(world.gateway(true, "node-2"));
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

    private static LoadBalancerSpec spec(String name, Listener... listeners) {
        return new LoadBalancerSpec(LoadBalancerId.of(world.cluster, "ns", name), "ns/" + name, List.of(listeners));
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
                .map(member ->
                        new Member(IpAddress.parse(member), target, world.nodes.get("node-" + member.charAt(5)), null))
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
    void aClientWhoseAffinityHasNoEndLosesNoConnection() {
        installed(spec(
                "faithful",
                listener(
                        Transport.TCP,
                        Reach.INSIDE,
                        Spread.ANYWHERE,
                        OnEmpty.REFUSE,
                        Duration.ofDays(1),
                        "10.96.0.18",
                        80,
                        8080,
                        "10.4.1.2",
                        "10.4.1.3",
                        "10.4.2.2")));
        for (PodSandbox pod : pods.values()) {
            Set<String> said = new TreeSet<>();
            for (int i = 0; i < 8; i++) {
                said.add(pod.tcp("10.96.0.18", 80, PATIENCE).said());
            }
            assertThat(said).singleElement().isIn("a", "b", "c");
        }
    }

    /**
     * Each look is further from the last than the network remembers. OVN drops the packet by which it learns, and with it that
     * connection; the try after it succeeds.
     */
    @Test
    void aClientThatWasAwayForLongerThanItsAffinityMayGetAnotherMember() {
        installed(spec(
                "fickle",
                listener(
                        Transport.TCP,
                        Reach.INSIDE,
                        Spread.ANYWHERE,
                        OnEmpty.REFUSE,
                        Duration.ofSeconds(5),
                        "10.96.0.17",
                        80,
                        8080,
                        "10.4.1.2",
                        "10.4.1.3",
                        "10.4.2.2")));
        String first = member(pods.get("a"), "10.96.0.17");
        await().atMost(PATIENCE.multipliedBy(3))
                .pollInterval(Duration.ofSeconds(8))
                .until(() -> !member(pods.get("a"), "10.96.0.17").equals(first));
    }

    private static String member(PodSandbox from, String address) {
        return await().atMost(PATIENCE)
                .until(() -> from.tcp(address, 80, Duration.ofSeconds(1)), TcpExchange::ok)
                .said();
    }

    @Test
    void aMemberThatIsRemovedGetsNoNewConnection() {
        installed(spec("shrinking", anywhere("10.96.0.14", 80, "10.4.1.2", "10.4.2.2")));
        assertThat(answers(pods.get("b"), "10.96.0.14", 80)).containsExactly("a", "c");
        installed(spec("shrinking", anywhere("10.96.0.14", 80, "10.4.2.2")));
        assertThat(answers(pods.get("b"), "10.96.0.14", 80)).containsExactly("c");
        backend.loadBalancers().delete(List.of(LoadBalancerId.of(world.cluster, "ns", "shrinking")));
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
        return TrafficWorld.udpFrom(from, "0.0.0.0", sourcePort, target, 53, 10);
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
