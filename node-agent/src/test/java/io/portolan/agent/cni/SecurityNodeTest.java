package io.portolan.agent.cni;

import static io.portolan.agent.cni.TestingNode.config;
import static io.portolan.agent.cni.TestingNode.failed;
import static io.portolan.agent.cni.TestingNode.ip;
import static io.portolan.agent.security.TestingSecurity.id;
import static io.portolan.agent.security.TestingSecurity.profile;
import static io.portolan.agent.wiring.TestingNetwork.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.control.ControlPlane;
import io.portolan.agent.control.ControlSettings;
import io.portolan.agent.control.Machine;
import io.portolan.agent.control.TestingControlPlane;
import io.portolan.agent.control.Wires;
import io.portolan.agent.security.LateClosing;
import io.portolan.agent.security.PodSecurity;
import io.portolan.agent.security.Profiles;
import io.portolan.agent.security.SecuritySettings;
import io.portolan.agent.security.TestingAcls;
import io.portolan.agent.security.TestingCluster;
import io.portolan.agent.security.TestingSecurity;
import io.portolan.agent.wiring.TestingOverlay;
import io.portolan.agent.wiring.Wiring;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import io.portolan.model.PortState;
import io.portolan.model.ProfileId;
import io.portolan.model.api.NodeSecurity;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortReport;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.PingStream;
import io.portolan.testbed.PodSandbox;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import tools.jackson.databind.JsonNode;

/**
 * A node with security profiles: real OVN, real switch, the real executable, and doubles of the services and of the API server
 * over HTTP. The profile {@code ping} lets ICMP through, {@code talk} UDP, {@code call} TCP; a port in none is closed.
 */
class SecurityNodeTest {
    private static final Logger LOG = LoggerFactory.getLogger(SecurityNodeTest.class);
    private static final ClusterName CLUSTER = new ClusterName("harbour");
    private static final String ANNOTATION = "portolan.io/security-profiles";
    private static final Set<ProfileId> PING = Set.of(id("ping"));
    private static final Set<ProfileId> TALK = Set.of(id("talk"));

    private static TestingOverlay overlay;
    private static TestingAcls acls;
    private static TestingCluster kubernetes;
    private static KubernetesClient client;
    private static TestingControlPlane ledger;
    private static TestingSecurity security;
    private static TestingNode node;
    private static TestingNode other;
    private static PodSandbox neighbour;
    private static String neighbourIp;
    private static ControlPlane control;
    private static MeterRegistry meters;

    @BeforeAll
    static void start() throws IOException {
        overlay = new TestingOverlay();
        acls = new TestingAcls(overlay, Map.of("ping", "icmp4", "talk", "udp", "call", "tcp"));
        kubernetes = new TestingCluster(overlay.workspace().directory());
        kubernetes.namespace("shop", Map.of());
        kubernetes.namespace("quiet", Map.of(ANNOTATION, "talk"));
        client = kubernetes.agentsClient();
        ledger = new TestingControlPlane(
                CLUSTER, new NodeName(overlay.node(1).name()), InetAddress.getLoopbackAddress(), null);
        overlay.ports(1, 16)
                .forEach(plug ->
                        ledger.addPort(plug.port(), plug.backendId(), plug.mac(), plug.vlanTag(), plug.addresses()));
        security = new TestingSecurity(acls, ledger::epoch);
        security.catalogue(catalogue(List.of(), List.of(new NodeSecurity.Pool(List.copyOf(PING), 3))));
        node = new TestingNode(overlay, 1, given -> given, SecurityNodeTest::secured);
        node.beforeClose = () -> control.close();
        other = new TestingNode(overlay, 2, given -> given);
        other.lease(2);
        neighbour = overlay.sandbox();
        neighbourIp = ip(other.add("neighbour", neighbour));
    }

    private static NodeSecurity catalogue(List<ProfileId> defaults, List<NodeSecurity.Pool> pools) {
        return new NodeSecurity(
                true,
                List.of(
                        profile("ping"),
                        profile("talk"),
                        profile("call"),
                        new NodeSecurity.Profile(id("bank"), "bank", null, List.of("payments"), true)),
                defaults,
                pools);
    }

    private static PodSecurity secured(PortCache cache, Wiring wiring) {
        LateClosing closing = new LateClosing();
        meters = new SimpleMeterRegistry();
        control = new ControlPlane(
                new ControlSettings(
                        CLUSTER,
                        new NodeName(overlay.node(1).name()),
                        List.of(ledger.url()),
                        List.of(ledger.url()),
                        new Machine(2, 1024, 110),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        new DefaultSslBundleRegistry(),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(10)),
                cache,
                new Wires(wiring::plumbed, wiring::unplumb, closing),
                () -> Optional.of("chassis"),
                () -> {},
                meters);
        Profiles profiles = new Profiles(
                new SecuritySettings(
                        Duration.ofMillis(200),
                        Duration.ofMillis(100),
                        Duration.ofSeconds(10),
                        2,
                        Duration.ofMinutes(10)),
                new NodeName(overlay.node(1).name()),
                control.security(List.of(security.url()), Duration.ofSeconds(5)),
                cache,
                wiring,
                Optional.of(client),
                meters);
        closing.by(profiles);
        control.start();
        profiles.start();
        return profiles;
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        client.close();
        kubernetes.close();
        security.close();
        ledger.close();
        overlay.close();
    }

    @BeforeEach
    void awaitPools() {
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(free(PING)).hasSizeGreaterThanOrEqualTo(3);
            assertThat(node.cache().ports()).hasSize(16).allMatch(port -> port.profiles() != null);
            assertThat(free(Set.of())).hasSizeGreaterThanOrEqualTo(4);
        });
    }

    /** And whatever the agent believes is what OVN has. */
    @AfterEach
    void emptyTheNode() {
        node.crash.after(-1);
        for (Attachment attachment : node.cache().attachments()) {
            node.program("DEL", attachment.key().sandbox()).run(config("1.1.0"));
        }
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(node.cache().attachments()).isEmpty();
            assertThat(node.cache().ports()).hasSize(16).allMatch(CachedPort::available);
        });
        await().atMost(PATIENCE).untilAsserted(() -> {
            for (CachedPort port : node.cache().ports()) {
                assertThat(port.profiles()).isEqualTo(security.binding(port.id()));
                assertThat(node.security().names(port.profiles()))
                        .containsExactlyInAnyOrderElementsOf(acls.of(port.id()));
            }
        });
    }

    private static List<CachedPort> free(Set<ProfileId> profiles) {
        return node.cache().ports().stream()
                .filter(port -> port.available() && profiles.equals(port.profiles()))
                .toList();
    }

    private static String container() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    /** A pod of Kubernetes, whose sandbox is a program's container. */
    private record TestedPod(String namespace, String name, String uid) {
        CniProgram add(PodSandbox sandbox, String more) {
            return node.program("ADD", name)
                    .with("CNI_NETNS", sandbox.path().toString())
                    .with(
                            "CNI_ARGS",
                            "IgnoreUnknown=1;K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_UID=%s%s"
                                    .formatted(namespace, name, uid, more));
        }

        Set<ProfileId> profiles() {
            return node.cache().attachments().stream()
                    .filter(attachment -> attachment.key().sandbox().equals(name))
                    .flatMap(attachment -> node.cache().port(attachment.port()).stream())
                    .findFirst()
                    .map(CachedPort::profiles)
                    .orElse(Set.of());
        }

        private PodRef ref() {
            return new PodRef(namespace, name, uid);
        }

        TestedPod awaitSeen() {
            await().atMost(Duration.ofSeconds(20)).until(() -> ((Profiles) node.security()).hasSeen(ref()));
            return this;
        }
    }

    private static TestedPod pod(String namespace, Map<String, String> annotations) {
        String name = container();
        return new TestedPod(
                namespace, name, kubernetes.pod(overlay.node(1).name(), namespace, name, annotations, Map.of()));
    }

    private static TestedPod pod(String profiles) {
        return pod("shop", Map.of(ANNOTATION, profiles));
    }

    private static double starts(String result) {
        return meters.get("portolan.pool.starts")
                .tag("result", result)
                .counter()
                .count();
    }

    @Test
    void aPodWhosePortWaitsStartsWhileNobodyElseAnswers() {
        TestedPod ping = pod("ping").awaitSeen();
        List<String> asked = kubernetes.requests();
        double hits = starts("hit");
        security.stop();
        ledger.stop();
        try (PodSandbox sandbox = overlay.sandbox()) {
            long began = security.changes().size();
            JsonNode added = TestingNode.succeeded(ping.add(sandbox, ""));
            assertThat(security.changes()).hasSize((int) began);
            assertThat(kubernetes.requests()).isEqualTo(asked);
            assertThat(starts("hit") - hits).isEqualTo(1);
            assertThat(ping.profiles()).isEqualTo(PING);
            assertThat(sandbox.ping(neighbourIp, 3).answered())
                    .as(added.toString())
                    .isTrue();
        } finally {
            security.start();
            ledger.start();
        }
    }

    @Test
    void lesson24NothingLeaksFromBeforeAddOnAPortChangesSetsByWayOfClosedAndARelabelRebinds() {
        TestedPod talk = pod("talk").awaitSeen();
        CachedPort port = free(PING).getFirst();
        String address = port.addresses().getFirst().address().toString();
        try (PodSandbox sandbox = overlay.sandbox();
                PingStream knocking = neighbour.pingUntilStopped(address, Duration.ofMillis(20))) {
            int before = security.history(port.id()).size();
            JsonNode added = TestingNode.succeeded(talk.add(sandbox, ";IP=" + address));
            assertThat(ip(added)).isEqualTo(address);
            assertThat(security.history(port.id()).stream().skip(before)).containsExactly(Set.of(), TALK);
            assertThat(talk.profiles()).isEqualTo(TALK);
            assertThat(sandbox.ping(neighbourIp, 5).answered()).isFalse();
            assertThat(knocking.received()).isZero();

            kubernetes.annotate("shop", talk.name(), Map.of(ANNOTATION, "talk,ping"));
            await().atMost(PATIENCE).until(() -> knocking.received() > 0);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(talk.profiles()).containsExactlyInAnyOrder(id("talk"), id("ping")));
            kubernetes.annotate("shop", talk.name(), Map.of(ANNOTATION, "bank"));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(kubernetes.events("shop", talk.name()))
                            .containsExactly(
                                    "Warning SecurityProfileRefused: the pod's annotation portolan.io/security-profiles:"
                                            + " security profile 'bank' is not for pods of namespace shop;"
                                            + " the running pod keeps the profiles that it has"));
            long then = knocking.received();
            await().atMost(PATIENCE).until(() -> knocking.received() > then + 10);
            assertThat(talk.profiles()).containsExactlyInAnyOrder(id("talk"), id("ping"));
            kubernetes.annotate("shop", talk.name(), Map.of(ANNOTATION, "talk"));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(talk.profiles()).isEqualTo(TALK));
            assertThat(sandbox.ping(neighbourIp, 2).answered()).isFalse();
        }
    }

    @Test
    void aCleanPortTakesOneCallAndTheNamespaceAndTheClusterHaveTheirSay() {
        TestedPod quiet = pod("quiet", Map.of()).awaitSeen();
        TestedPod none = pod("shop", Map.of()).awaitSeen();
        try (PodSandbox one = overlay.sandbox();
                PodSandbox two = overlay.sandbox()) {
            CachedPort port = free(Set.of()).getLast();
            String address = port.addresses().getFirst().address().toString();
            int before = security.history(port.id()).size();
            TestingNode.succeeded(quiet.add(one, ";IP=" + address));
            assertThat(security.history(port.id()).stream().skip(before)).containsExactly(TALK);
            assertThat(quiet.profiles()).isEqualTo(TALK);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(ledger.history().stream()
                                    .filter(report ->
                                            report.port().equals(port.id()) && report.kind() == PortReport.Kind.BOUND)
                                    .map(report -> report.id().toString().replace("-", "")))
                            .last()
                            .satisfies(
                                    trace -> assertThat(security.traces()).anyMatch(header -> header.contains(trace))));
            TestingNode.succeeded(none.add(two, ""));
            assertThat(none.profiles()).isEmpty();
            assertThat(two.ping(neighbourIp, 2).answered()).isFalse();

            security.catalogue(catalogue(List.copyOf(PING), List.of(new NodeSecurity.Pool(List.copyOf(PING), 3))));
            await().atMost(PATIENCE).until(() -> two.ping(neighbourIp, 1).answered());
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(none.profiles()).isEqualTo(PING));
            assertThat(quiet.profiles()).isEqualTo(TALK);
        } finally {
            security.catalogue(catalogue(List.of(), List.of(new NodeSecurity.Pool(List.copyOf(PING), 3))));
        }
    }

    @Test
    void aPodThatNamesWhatItCannotHaveDoesNotStartAndItsOwnerIsTold() {
        for (Map.Entry<String, String> bad : Map.of(
                        "bank",
                        "security profile 'bank' is not for pods of namespace shop",
                        "nobody",
                        "there is no security profile 'nobody'",
                        "ping,,talk",
                        "'' is not a security profile's name or id",
                        "00000000-0000-4000-8000-000000000000",
                        "there is no security profile '00000000-0000-4000-8000-000000000000'",
                        IntStream.range(0, 1_000).mapToObj(i -> "p" + i).collect(Collectors.joining(",")),
                        "names more than 8 security profiles")
                .entrySet()) {
            TestedPod pod = pod(bad.getKey()).awaitSeen();
            try (PodSandbox sandbox = overlay.sandbox()) {
                for (int i = 0; i < 2; i++) {
                    JsonNode error = failed(pod.add(sandbox, ""), config("1.1.0"));
                    assertThat(error.path("code").asInt()).isEqualTo(104);
                    assertThat(error.path("msg").asString()).contains(bad.getValue());
                }
                assertThat(node.cache().attachments()).isEmpty();
            }
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(kubernetes.events("shop", pod.name()))
                            .singleElement()
                            .asString()
                            .startsWith("Warning SecurityProfileRefused: ")
                            .contains(bad.getValue()));
        }
    }

    @Test
    void securityServicesOwnRefusalIsToldToo() {
        security.refuse(id("talk"), 403, "profile-not-allowed", "pods of namespace 'shop' may not name profile 'talk'");
        TestedPod pod = pod("talk").awaitSeen();
        try (PodSandbox sandbox = overlay.sandbox()) {
            JsonNode error = failed(pod.add(sandbox, ""), config("1.1.0"));
            assertThat(error.path("code").asInt()).isEqualTo(104);
            assertThat(error.path("msg").asString())
                    .isEqualTo("security-service: pods of namespace 'shop' may not name profile 'talk'");
        } finally {
            security.accept(id("talk"));
        }
        await().atMost(PATIENCE)
                .until(() -> !kubernetes.events("shop", pod.name()).isEmpty());
    }

    @Test
    void withoutSecurityServiceARestartServesPooledPodsAndTellsOthersWhyNot() {
        TestedPod ping = pod("ping");
        TestedPod both = pod("ping,talk");
        security.stop();
        try (PodSandbox one = overlay.sandbox();
                PodSandbox two = overlay.sandbox()) {
            node.restart();
            ping.awaitSeen();
            TestingNode.succeeded(ping.add(one, ""));
            assertThat(one.ping(neighbourIp, 3).answered()).isTrue();
            JsonNode error = failed(both.awaitSeen().add(two, ""), config("1.1.0"));
            assertThat(error.path("code").asInt()).isEqualTo(11);
            assertThat(error.path("msg").asString())
                    .contains("the port cannot be put in the pod's security profiles: security at http://127.0.0.1");
            security.start();
            TestingNode.succeeded(both.add(two, ""));
            assertThat(two.ping(neighbourIp, 3).answered()).isTrue();
        } finally {
            security.stop();
            security.start();
        }
    }

    @Test
    void aBindingWhoseAnswerIsLostIsMadeAnewByAnotherRun() {
        long epoch = ledger.epoch();
        TestedPod both = pod("ping,call").awaitSeen();
        security.next(TestingSecurity.Fault.ANSWER_LOST, TestingSecurity.Fault.NETWORK_AWAY);
        try (PodSandbox sandbox = overlay.sandbox()) {
            TestingNode.succeeded(both.add(sandbox, ""));
            assertThat(sandbox.ping(neighbourIp, 3).answered()).isTrue();
            assertThat(ledger.epoch()).isGreaterThan(epoch);
        }
    }

    @Test
    void aPodThatTheWatchDoesNotSeeIsAskedForAndOneOfAnotherIdIsNotServed() {
        String name = container();
        String uid = kubernetes.pod("another-node", "shop", name, Map.of(ANNOTATION, "ping"), Map.of());
        TestedPod unseen = new TestedPod("shop", name, uid);
        TestedPod stranger = new TestedPod("shop", name, "another");
        try (PodSandbox sandbox = overlay.sandbox()) {
            assertThat(failed(stranger.add(sandbox, ""), config("1.1.0"))
                            .path("msg")
                            .asString())
                    .contains("the API server has another pod shop/" + name);
            TestingNode.succeeded(unseen.add(sandbox, ""));
            assertThat(unseen.profiles()).isEqualTo(PING);
            assertThat(kubernetes.requests()).anyMatch(request -> request.endsWith("/pods/" + name));
        }
    }

    @Test
    void portsGoBackToTheLedgerClosed() {
        ledger.settings(new NodeView.Settings(2, 2, 0, NodeHost.POD_MTU));
        try {
            // How many the node keeps depends on how many pods of other tests it has.
            await().atMost(PATIENCE).until(() -> ledger.ports(PortState.FREE).size() >= 4);
            ledger.ports(PortState.FREE)
                    .forEach(port -> assertThat(security.binding(port.id())).isEmpty());
        } finally {
            ledger.settings(new NodeView.Settings(16, 8, 0, NodeHost.POD_MTU));
        }
        await().atMost(PATIENCE).until(() -> node.cache().ports().size() == 16);
    }

    @Test
    void anAgentThatDiesAtAnyStepOfABindingLeavesNoPortMoreOpenThanItsSet() {
        List<String> steps = new ArrayList<>();
        int k = 1;
        while (diesAt(k++, steps)) {}
        LOG.info("died after each of {}", steps);
        assertThat(steps)
                .containsExactly(
                        "earlier sandboxes taken down",
                        "port taken",
                        "port closed",
                        "closing carried out",
                        "port bound",
                        "binding carried out",
                        "profiles noted",
                        "pod end moved in",
                        "pod end configured",
                        "attached");
    }

    /** Whether a start of a pod whose port is in another set had so many steps. */
    private static boolean diesAt(int k, List<String> steps) {
        await().atMost(PATIENCE).until(() -> !free(PING).isEmpty());
        CachedPort port = free(PING).getFirst();
        String address = port.addresses().getFirst().address().toString();
        TestedPod talk = pod("talk").awaitSeen();
        try (PodSandbox sandbox = overlay.sandbox();
                PingStream knocking = neighbour.pingUntilStopped(address, Duration.ofMillis(20))) {
            node.crash.after(k);
            CniProgram.Outcome added = talk.add(sandbox, ";IP=" + address).run(config("1.1.0"));
            boolean died = added.status() != 0;
            String step = node.crash.steps().get(Math.min(k, node.crash.steps().size()) - 1);
            node.crash.after(-1);
            if (!died) {
                return false;
            }
            steps.add(step);
            node.restart();
            // Whatever the cache knows of the port now is so.
            node.cache()
                    .port(port.id())
                    .map(CachedPort::profiles)
                    .ifPresent(known -> assertThat(known).isEqualTo(security.binding(port.id())));
            talk.awaitSeen();
            TestingNode.succeeded(talk.add(sandbox, ""));
            assertThat(talk.profiles()).isEqualTo(TALK);
            assertThat(sandbox.ping(neighbourIp, 1).answered()).isFalse();
            assertThat(knocking.received()).isZero();
            node.del(talk.name(), sandbox);
            return true;
        }
    }
}
