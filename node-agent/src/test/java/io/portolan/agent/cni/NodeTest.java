package io.portolan.agent.cni;

import static io.portolan.agent.cni.TestingNode.config;
import static io.portolan.agent.cni.TestingNode.failed;
import static io.portolan.agent.cni.TestingNode.ip;
import static io.portolan.agent.wiring.TestingNetwork.PATIENCE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Timer;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.AttachmentKey;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.netlink.NetworkNamespace;
import io.portolan.agent.wiring.TestingOverlay;
import io.portolan.model.PortId;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Replica;
import io.portolan.ovsdb.RowChange;
import io.portolan.ovsdb.Watch;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.JsonLog;
import io.portolan.testbed.PingStream;
import io.portolan.testbed.PodSandbox;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import tools.jackson.databind.JsonNode;

/** Pods of two real nodes, started and stopped by the real executable. */
class NodeTest {
    private static final Logger LOG = LoggerFactory.getLogger(NodeTest.class);

    private static TestingOverlay overlay;
    private static TestingNode node;
    private static TestingNode other;
    private static PodSandbox neighbour;
    private static String neighbourIp;

    @BeforeAll
    static void start() throws IOException {
        overlay = new TestingOverlay();
        node = new TestingNode(overlay, 1, given -> given);
        other = new TestingNode(overlay, 2, NodeTest::collectingSoon);
        node.lease(64);
        other.lease(4);
        neighbour = overlay.sandbox();
        neighbourIp = ip(other.add("neighbour", neighbour));
        node.awaitPlumbed(8);
    }

    private static CniProperties collectingSoon(CniProperties given) {
        return new CniProperties(
                given.socket(),
                given.queue(),
                given.type(),
                given.concurrency(),
                given.addTimeout(),
                given.preplumbed(),
                given.collect(),
                given.collectAfter(),
                Duration.ofSeconds(1),
                given.rescan(),
                given.mtu());
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        overlay.close();
    }

    @AfterEach
    void emptyTheNode() {
        node.crash.after(-1);
        for (Attachment attachment : node.cache().attachments()) {
            node.program("DEL", attachment.key().sandbox()).run(config("1.1.0"));
        }
        await().atMost(PATIENCE).until(() -> node.cache().attachments().isEmpty());
        node.cache().rest();
        assertThat(node.cache().counts().free()).isEqualTo(64);
        node.awaitPlumbed(8);
        node.assertNoOrphans();
    }

    private static String container() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    private static void awaitPing(PodSandbox pod) {
        await().atMost(PATIENCE).until(() -> pod.ping(neighbourIp, 1).answered());
    }

    @Test
    void anAddsLogLineSaysWhoseItIsAndItsReportBearsItsTrace() throws Exception {
        String id = container();
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .addFirst(new MapPropertySource(
                        "test",
                        Map.of(
                                "spring.application.name",
                                "node-agent",
                                "logging.structured.json.add.node",
                                "worker-1")));
        try (JsonLog log = JsonLog.of("io.portolan.agent.cni", environment);
                PodSandbox pod = overlay.sandbox()) {
            CniProgram add = node.program("ADD", id)
                    .with("CNI_NETNS", pod.path().toString())
                    .with("CNI_ARGS", "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0;K8S_POD_UID=u-" + id);
            TestingNode.succeeded(add);
            PortId port = node.cache()
                    .attachment(new AttachmentKey(id, "eth0"))
                    .orElseThrow()
                    .port();
            JsonNode line = log.lines("ADD " + id).getFirst();
            assertThat(line.path("sandbox").asString()).isEqualTo(id);
            assertThat(line.path("pod").asString()).isEqualTo("shop/cart-0");
            assertThat(line.path("podUid").asString()).isEqualTo("u-" + id);
            assertThat(line.path("port").asString()).isEqualTo(port.toString());
            assertThat(line.path("node").asString()).isEqualTo("worker-1");
            assertThat(line.at("/service/name").asString()).isEqualTo("node-agent");
            assertThat(line.path("spanId").asString()).matches("[0-9a-f]{16}");
            String trace = line.path("traceId").asString();
            assertThat(node.cache().outbox().pending(1_000).stream()
                            .filter(report -> report.sandbox().equals(id))
                            .map(report ->
                                    report.kind() + " " + report.id().toString().replace("-", "")))
                    .containsExactly("BOUND " + trace);

            TestingNode.succeeded(add);
            assertThat(log.lines("ADD " + id)).hasSize(2);
            assertThat(log.lines("ADD " + id).getLast().path("traceId").asString())
                    .matches("[0-9a-f]{32}")
                    .isNotEqualTo(trace);
            failed(node.program("ADD", "other" + id).with("CNI_NETNS", "/run/netns/none"), config("1.1.0"));
            JsonNode refused = log.lines("ADD other" + id + " refused").getFirst();
            assertThat(refused.path("sandbox").asString()).isEqualTo("other" + id);
            assertThat(refused.has("pod")).isFalse();
            assertThat(refused.has("port")).isFalse();
        }
    }

    @Test
    void aPodReachesAPodOfAnotherNodeAndGivesItsPortBack() {
        String id = container();
        try (PodSandbox pod = overlay.sandbox()) {
            JsonNode added = node.add(id, pod);
            awaitPing(pod);
            try (Daemon server = neighbour.serveTcp(8080, "neighbour here")) {
                assertThat(server.alive()).isTrue();
                assertThat(pod.tcp(neighbourIp, 8080, Duration.ofSeconds(5)).said())
                        .isEqualTo("neighbour here");
            }
            assertThat(pod.exec("ping", "-M", "do", "-s", "1372", "-c", "1", "-W", "5", neighbourIp))
                    .contains("1 received");
            assertThat(node.add(id, pod)).isEqualTo(added);
            String checked = config("1.1.0").replace("}", ",\"prevResult\":" + added + "}");
            CniProgram check =
                    node.program("CHECK", id).with("CNI_NETNS", pod.path().toString());
            assertThat(check.run(checked).output()).isEmpty();
            pod.namespace().ip("addr del %s/24 dev eth0".formatted(ip(added)));
            assertThat(failed(check, checked).path("details").stringValue()).contains("lacks address " + ip(added));

            node.del(id, pod);
            assertThat(pod.exec("ls", "/sys/class/net").strip()).isEqualTo("lo");
            assertThat(node.cache().ports().stream()
                            .filter(port -> port.state() == CachedPort.State.COOLING)
                            .map(port -> port.addresses().getFirst().address().toString()))
                    .containsExactly(ip(added));
            node.del(id, pod);
            assertThat(node.program("DEL", id).run(config("1.1.0")).status()).isZero();
            assertThat(node.program("DEL", container()).run(config("0.3.1")).status())
                    .isZero();
        }
    }

    @Test
    void aWarmStartAndStopAsksNobodyAndWritesNothingToTheNorthboundDatabase() {
        overlay.central().awaitInstalled();
        List<RowChange> changes = new CopyOnWriteArrayList<>();
        try (OvsdbClient northbound = OvsdbClient.open(
                        OvsdbOptions.of(overlay.central().northbound().unixRemote(), "OVN_Northbound"));
                PodSandbox pod = overlay.sandbox()) {
            Watch[] all = northbound.schema().tables().keySet().stream()
                    .map(Watch::table)
                    .toArray(Watch[]::new);
            Replica replica = northbound.replicate(all).awaitLoaded(PATIENCE);
            plumbOneMore(pod);
            awaitAllUp(replica);
            replica.listen(changes::addAll);
            await().atMost(PATIENCE)
                    .until(() -> changes.size()
                            >= replica.snapshot().tables().values().stream()
                                    .mapToInt(Map::size)
                                    .sum());
            changes.clear();
            int asked = node.wanted.get();
            long warm = count("ADD", "warm");
            for (int i = 0; i < 3; i++) {
                String id = container();
                node.add(id, pod);
                awaitPing(pod);
                node.del(id, pod);
                node.cache().rest();
            }
            assertThat(count("ADD", "warm") - warm).isEqualTo(3);
            assertThat(node.wanted.get()).isEqualTo(asked);
            // A change of ours now shows that the monitor would have told of one.
            overlay.central().nbctl("set", "NB_Global", ".", "external_ids:seen=" + container());
            await().atMost(PATIENCE).until(() -> !changes.isEmpty());
            assertThat(changes.stream().map(RowChange::table)).containsExactly("NB_Global");
        }
    }

    /** Whatever northd has to tell of the wires that are there is told. */
    private static void awaitAllUp(Replica northbound) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            Set<String> up = northbound.snapshot().table("Logical_Switch_Port").values().stream()
                    .filter(row -> row.optionalBool("up").orElse(false))
                    .map(row -> row.string("name"))
                    .collect(Collectors.toSet());
            assertThat(node.wiring().plumbed().stream().map(PortId::toString)).allMatch(up::contains);
        });
    }

    /** So many that a pod can take one without another being plumbed in its place. */
    private static void plumbOneMore(PodSandbox pod) {
        String id = container();
        node.add(id, pod);
        node.awaitPlumbed(8);
        node.del(id, pod);
        node.cache().rest();
        node.awaitPlumbed(9);
    }

    private static long count(String command, String path) {
        return node
                .meters
                .find("portolan.cni")
                .tags("command", command, "path", path, "outcome", "ok")
                .timers()
                .stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void everyVersionOfTheProtocolGetsItsOwnShape() {
        for (String version : List.of("0.3.1", "0.4.0", "1.0.0", "1.1.0")) {
            String id = container();
            try (PodSandbox pod = overlay.sandbox()) {
                CniProgram.Outcome outcome = node.program("ADD", id)
                        .with("CNI_NETNS", pod.path().toString())
                        .run(config(version).replace("}", ",\"dns\":{\"nameservers\":[\"10.96.0.10\"]}}"));
                assertThat(outcome.status()).as(outcome.output()).isZero();
                JsonNode added = TestingNode.JSON.readTree(outcome.output());
                String host = added.path("interfaces").get(0).path("name").stringValue();
                String hostMac = added.path("interfaces").get(0).path("mac").stringValue();
                String mac = added.path("interfaces").get(1).path("mac").stringValue();
                String mtu = version.equals("1.1.0") ? ",\"mtu\":1400" : "";
                String family = version.startsWith("0") ? "\"version\":\"4\"," : "";
                assertThat(host).matches("pn[0-9a-f]{10}[0-9a-z]{3}");
                assertThat(outcome.output())
                        .isEqualTo(("{\"cniVersion\":\"%s\",\"interfaces\":[{\"name\":\"%s\",\"mac\":\"%s\"%s},"
                                        + "{\"name\":\"eth0\",\"mac\":\"%s\"%s,\"sandbox\":\"%s\"}],"
                                        + "\"ips\":[{%s\"address\":\"%s/24\",\"gateway\":\"10.128.1.1\",\"interface\":1}],"
                                        + "\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.128.1.1\"}],"
                                        + "\"dns\":{\"nameservers\":[\"10.96.0.10\"]}}")
                                .formatted(version, host, hostMac, mtu, mac, mtu, pod.path(), family, ip(added)));
                assertThat(pod.exec("ip", "-o", "link", "show", "eth0")).contains(mac, "mtu 1400");
                node.del(id, pod);
            }
        }
        assertThat(TestingNode.succeeded(node.program("VERSION", "c").with("CNI_NETNS", "dummy"))
                        .path("supportedVersions")
                        .size())
                .isEqualTo(4);
    }

    @Test
    void aRestartOfTheAgentCostsARunningPodNoPacket() {
        try (PodSandbox pod = overlay.sandbox()) {
            node.add(container(), pod);
            awaitPing(pod);
            try (PingStream stream = pod.pingUntilStopped(neighbourIp, Duration.ofMillis(20))) {
                await().atMost(PATIENCE).until(() -> stream.received() > 5);
                for (int i = 0; i < 3; i++) {
                    node.restart();
                }
                long before = stream.received();
                await().atMost(PATIENCE).until(() -> stream.received() > before + 10);
                assertThat(stream.stop().lost()).isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void anAgentThatDiesAtAnyStepOfAddOrDelLeavesNothingThatTheNextDoesNotMend() {
        List<String> steps = new ArrayList<>();
        int k = 1;
        while (diesAt(k++, steps)) {}
        LOG.info("died after each of {}", steps);
        assertThat(steps)
                .containsExactly(
                        "earlier sandboxes taken down",
                        "port taken",
                        "pod end moved in",
                        "pod end configured",
                        "attached",
                        "pod end moved out",
                        "pod end restored",
                        "detached",
                        "released");
    }

    /** Whether ADD and DEL had so many steps. */
    private static boolean diesAt(int k, List<String> steps) {
        String id = container();
        try (PodSandbox pod = overlay.sandbox();
                PodSandbox next = overlay.sandbox()) {
            node.awaitPlumbed(8);
            node.crash.after(k);
            CniProgram add =
                    node.program("ADD", id).with("CNI_NETNS", pod.path().toString());
            CniProgram.Outcome added = add.run(config("1.1.0"));
            if (added.status() == 0) {
                CniProgram.Outcome deleted = node.program("DEL", id)
                        .with("CNI_NETNS", pod.path().toString())
                        .run(config("1.1.0"));
                assertThat(deleted.status()).isZero();
            }
            boolean died = node.crash.steps().size() >= k;
            String step = node.crash.steps().get(Math.min(k, node.crash.steps().size()) - 1);
            node.crash.after(-1);
            if (!died) {
                return false;
            }
            steps.add(step);
            node.restart();
            node.assertNoOrphans();
            // What containerd does after a failed ADD; a DEL that failed is in the queue and done by now.
            node.del(id, pod);
            assertThat(node.cache().attachments()).isEmpty();
            String again = container();
            node.add(again, next);
            awaitPing(next);
            node.del(again, next);
            assertThat(node.cache().counts().bound()).isZero();
            node.cache().rest();
            return true;
        }
    }

    @Test
    void fiftyPodsAtOnceGetFiftyAddressesAndNothingLeaks() throws Exception {
        List<PodSandbox> pods = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            pods.add(overlay.sandbox());
        }
        round(pods);
        node.cache().rest();
        long before = descriptors();
        List<Double> starts = round(pods);
        // Of this process: what earlier tests have left to be closed is no leak, and what leaks stays.
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(descriptors()).isLessThanOrEqualTo(before + 5));
        LOG.info("50 pods at once: median ADD {} ms", median(starts));
        pods.forEach(PodSandbox::close);
    }

    private static List<Double> round(List<PodSandbox> pods) throws Exception {
        List<String> ids = pods.stream().map(pod -> container()).toList();
        List<Double> seconds = new CopyOnWriteArrayList<>();
        List<String> addresses = atOnce(pods.size(), i -> () -> {
            CniProgram.Outcome outcome = node.program("ADD", ids.get(i))
                    .with("CNI_NETNS", pods.get(i).path().toString())
                    .run(config("1.1.0"));
            assertThat(outcome.status()).as(outcome.output()).isZero();
            seconds.add(outcome.seconds());
            return ip(TestingNode.JSON.readTree(outcome.output()));
        });
        assertThat(addresses).doesNotHaveDuplicates().hasSize(pods.size());
        assertThat(node.cache().counts().bound()).isEqualTo(pods.size());
        awaitPing(pods.getLast());
        atOnce(pods.size(), i -> () -> {
            node.del(ids.get(i), pods.get(i));
            return i;
        });
        assertThat(node.cache().counts().bound()).isZero();
        return seconds;
    }

    private static <T> List<T> atOnce(int count, IntFunction<Callable<T>> task) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
            List<Future<T>> futures = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                futures.add(threads.submit(task.apply(i)));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get());
            }
            return results;
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static long descriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/self/fd"))) {
            return list.count();
        }
    }

    private static long median(List<Double> seconds) {
        double[] sorted =
                seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return Math.round(1000 * sorted[sorted.length / 2]);
    }

    @Test
    void aWarmStartAndStopIsTimed() {
        List<Double> starts = new ArrayList<>();
        List<Double> stops = new ArrayList<>();
        try (PodSandbox pod = overlay.sandbox()) {
            for (int i = 0; i < 20; i++) {
                String id = container();
                starts.add(node.program("ADD", id)
                        .with("CNI_NETNS", pod.path().toString())
                        .run(config("1.1.0"))
                        .seconds());
                stops.add(node.program("DEL", id)
                        .with("CNI_NETNS", pod.path().toString())
                        .run(config("1.1.0"))
                        .seconds());
                node.cache().rest();
            }
        }
        LOG.info("medians of 20: warm ADD {} ms, DEL {} ms", median(starts), median(stops));
        assertThat(median(starts)).isLessThan(2_000);
        assertThat(median(stops)).isLessThan(2_000);
    }

    @Test
    void lesson19ADelWhileTheAgentIsAwaySucceedsAndIsDoneAtItsStart() throws IOException {
        String id = container();
        try (PodSandbox pod = overlay.sandbox()) {
            node.add(id, pod);
            node.stop();
            node.del(id, pod);
            Path queue = node.program("DEL", id).queue();
            assertThat(names(queue)).contains(id + ":eth0.del");
            Files.writeString(queue.resolve("garbage:eth0.del"), "no frame");
            node.start();
            assertThat(node.cache().attachments()).isEmpty();
            assertThat(names(queue)).containsExactly(".garbage:eth0.del.unreadable");
            Files.delete(queue.resolve(".garbage:eth0.del.unreadable"));
            assertThat(pod.exec("ls", "/sys/class/net").strip()).isEqualTo("lo");
        }
    }

    @Test
    void aDelWhileTheNodesDatabaseIsAwaySucceedsAndIsDoneLater() {
        String id = container();
        try (PodSandbox pod = overlay.sandbox()) {
            node.add(id, pod);
            overlay.node(1).ovsdb().pause();
            try {
                node.del(id, pod);
            } finally {
                overlay.node(1).ovsdb().resume();
            }
            await().atMost(PATIENCE).until(() -> node.cache().attachments().isEmpty());
        }
    }

    @Test
    void lesson05ANewSandboxOfThePodSupersedesOnlyOneThatNoLongerLives() {
        String args = "IgnoreUnknown=1;K8S_POD_UID=%s;K8S_POD_NAME=web;K8S_POD_NAMESPACE=shop".formatted(container());
        PodSandbox dead = overlay.sandbox();
        try (PodSandbox alive = overlay.sandbox();
                PodSandbox newest = overlay.sandbox()) {
            for (PodSandbox pod : List.of(dead, alive)) {
                TestingNode.succeeded(node.program("ADD", pod.namespace().name())
                        .with("CNI_ARGS", args)
                        .with("CNI_NETNS", pod.path().toString()));
            }
            dead.close();
            TestingNode.succeeded(node.program("ADD", "newest")
                    .with("CNI_ARGS", args)
                    .with("CNI_NETNS", newest.path().toString()));
            assertThat(node.cache().attachments().stream()
                            .map(attachment -> attachment.key().sandbox()))
                    .containsExactlyInAnyOrder(alive.namespace().name(), "newest");
            assertThat(node.cache().attachments().getLast().pod().name()).isEqualTo("web");
        }
    }

    @Test
    void lesson09GarbageIsCollectedAtTheSecondLookOrWhenItsNamespaceIsGone() {
        PodSandbox gone = overlay.sandbox();
        try (PodSandbox listed = overlay.sandbox();
                PodSandbox unlisted = overlay.sandbox()) {
            node.add("gone", gone);
            node.add("listed", listed);
            node.add("unlisted", unlisted);
            gone.close();
            String valid = config("1.1.0")
                    .replace("}", ",\"cni.dev/valid-attachments\":[{\"containerID\":\"listed\",\"ifname\":\"eth0\"}]}");
            assertThat(node.program("GC", "")
                            .run(valid.replace("\"pods\"", "\"others\""))
                            .status())
                    .isZero();
            assertThat(sandboxes()).containsExactlyInAnyOrder("gone", "listed", "unlisted");
            assertThat(node.program("GC", "").run(valid).status()).isZero();
            assertThat(sandboxes()).containsExactlyInAnyOrder("listed", "unlisted");
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(node.program("GC", "").run(valid).status()).isZero();
                assertThat(sandboxes()).containsExactly("listed");
            });
            assertThat(failed(node.program("GC", ""), config("1.1.0"))
                            .path("msg")
                            .stringValue())
                    .contains("cni.dev/valid-attachments");
        }
    }

    @Test
    void aPortWhoseSandboxVanishedIsFreeAgainWhenNobodyHoldsItsNamespace() {
        PodSandbox vanishing = overlay.sandbox();
        String id = container();
        other.add(id, vanishing);
        try (NetworkNamespace held = NetworkNamespace.open(vanishing.path())) {
            vanishing.close();
            await().during(Duration.ofSeconds(4))
                    .atMost(PATIENCE)
                    .until(() -> attached(other).contains(id));
            assertThat(held).isNotNull();
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(attached(other)).doesNotContain(id));
        assertThat(attached(other)).containsExactly("neighbour");
        assertThat(other.meters.counter("portolan.attachments.collected").count())
                .isEqualTo(1);
    }

    private static List<String> sandboxes() {
        return attached(node);
    }

    private static List<String> attached(TestingNode where) {
        return where.cache().attachments().stream()
                .map(attachment -> attachment.key().sandbox())
                .toList();
    }

    @Test
    void aFixedAddressIsGivenOnlyIfItIsAFreePortOfThisNode() {
        String free = node.cache().ports().stream()
                .filter(CachedPort::available)
                .reduce((a, b) -> b)
                .orElseThrow()
                .addresses()
                .getFirst()
                .address()
                .toString();
        try (PodSandbox pod = overlay.sandbox();
                PodSandbox second = overlay.sandbox()) {
            assertThat(ip(TestingNode.succeeded(node.program("ADD", "fixed")
                            .with("CNI_ARGS", "IP=%s;IgnoreUnknown=1".formatted(free))
                            .with("CNI_NETNS", pod.path().toString()))))
                    .isEqualTo(free);
            for (String wish : List.of("IP=" + free, "IP=192.0.2.1", "MAC=02:00:00:00:00:01")) {
                JsonNode error = failed(
                        node.program("ADD", "second")
                                .with("CNI_ARGS", wish)
                                .with("CNI_NETNS", second.path().toString()),
                        config("1.0.0"));
                assertThat(error.path("code").intValue()).isEqualTo(102);
                assertThat(error.path("msg").stringValue()).contains("CNI_ARGS", "IP or MAC");
            }
        }
    }

    @Test
    void lesson17AnEmptyCacheIsToldInTimeWithItsCause() {
        try (PodSandbox pod = overlay.sandbox()) {
            List<PortId> all = node.cache().ports().stream().map(CachedPort::id).toList();
            assertThat(node.program("STATUS", "").run(config("1.1.0")).output()).isEmpty();
            node.cache().dispute(all, "for this test");
            try {
                JsonNode status = failed(node.program("STATUS", ""), config("1.1.0"));
                assertThat(status.path("code").intValue()).isEqualTo(50);
                int asked = node.wanted.get();
                JsonNode error = failed(
                        node.program("ADD", "none").with("CNI_NETNS", pod.path().toString()), config("1.1.0"));
                assertThat(error.path("code").intValue()).isEqualTo(11);
                assertThat(error.path("msg").stringValue())
                        .isEqualTo("no port is free on this node: 0 are in use, 0 cool down, 64 are disputed, of 64;"
                                + " the control plane: it is said to be away");
                assertThat(node.wanted.get()).isGreaterThan(asked);
            } finally {
                node.cache().settle(all, "for this test");
            }
        }
    }

    @Test
    void strangersAtTheSocketAreRefusedOrDroppedAndOnlyRootReachesIt() throws IOException {
        byte[] magic = TestingAgent.MAGIC;
        byte[] huge = ByteBuffer.allocate(magic.length + 4)
                .put(magic)
                .putInt(Integer.MAX_VALUE)
                .array();
        byte[] negative =
                ByteBuffer.allocate(magic.length + 4).put(magic).putInt(-1).array();
        assertThat(said("GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8))).contains("\"code\":6");
        assertThat(said(huge)).contains("\"code\":4");
        assertThat(said(negative)).contains("\"code\":4");
        assertThat(said(magic)).isEmpty();
        assertThat(said(new byte[0])).isEmpty();
        assertThat(Files.getPosixFilePermissions(node.socket()))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.getPosixFilePermissions(node.socket().getParent()))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        assertThat(node.program("STATUS", "").run(config("1.1.0")).status()).isZero();
    }

    /** What comes back to these bytes and the end of the connection's writing side. */
    private static String said(byte[] bytes) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(node.socket()))) {
            TestingAgent.write(channel, bytes);
            channel.shutdownOutput();
            return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
        }
    }

    @Test
    void aFencedAgentHandsOutNothingButTakesBack() {
        String id = container();
        try (PodSandbox pod = overlay.sandbox();
                PodSandbox second = overlay.sandbox()) {
            node.add(id, pod);
            node.fenced = "another agent is of epoch 7";
            try {
                CniProgram add = node.program("ADD", "fenced")
                        .with("CNI_NETNS", second.path().toString());
                assertThat(failed(add, config("1.1.0")).path("code").intValue()).isEqualTo(11);
                JsonNode status = failed(node.program("STATUS", ""), config("1.1.0"));
                assertThat(status.path("code").intValue()).isEqualTo(50);
                assertThat(status.path("msg").stringValue())
                        .isEqualTo("this node agent is fenced: another agent is of epoch 7");
                node.del(id, pod);
                assertThat(node.cache().attachments()).isEmpty();
            } finally {
                node.fenced = null;
            }
        }
    }

    @Test
    void aStatusNamesASwitchThatIsAway() {
        overlay.node(1).vswitch().pause();
        try {
            JsonNode status = failed(node.program("STATUS", ""), config("1.1.0"));
            assertThat(status.path("code").intValue()).isEqualTo(51);
            assertThat(status.path("msg").stringValue()).contains("ovs-vswitchd does not answer");
        } finally {
            overlay.node(1).vswitch().resume();
        }
    }

    @Test
    void badInputIsRefusedWithACodeAndTheFieldAndNothingIsTaken() {
        record Bad(String input, String variable, String value, int code, String says) {}
        String good = config("1.1.0");
        List<Bad> all = Arrays.asList(
                new Bad("{", null, null, 6, "not JSON"),
                new Bad("[]", null, null, 6, "not a JSON object"),
                new Bad("", null, null, 6, "not a JSON object"),
                new Bad(good + good, null, null, 6, "not JSON"),
                new Bad(good.replace("1.1.0", "0.2.0"), null, null, 1, "cniVersion 0.2.0"),
                new Bad(good.replace("\"cniVersion\":\"1.1.0\",", ""), null, null, 1, "cniVersion 0.1.0"),
                new Bad(good.replace("\"1.1.0\"", "7"), null, null, 7, "cniVersion"),
                new Bad(good.replace("\"name\":\"pods\",", ""), null, null, 7, "name in the network"),
                new Bad(good.replace("pods", "-pods"), null, null, 7, "name in the network"),
                new Bad(good.replace("\"pods\"", "[]"), null, null, 7, "name in the network"),
                new Bad(good.replace("portolan-cni", "bridge"), null, null, 7, "type in the network"),
                new Bad(good.replace("}", ",\"dns\":7}"), null, null, 7, "dns in the network"),
                new Bad(good.replace("}", ",\"ipam\":{\"type\":\"host-local\"}}"), null, null, 2, "ipam"),
                new Bad(
                        good.replace("}", ",\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":80}]}}"),
                        null,
                        null,
                        2,
                        "runtimeConfig.portMappings"),
                new Bad(good.replace("}", ",\"x\":\"" + "y".repeat(1 << 20) + "\"}"), null, null, 7, "1 MiB"),
                new Bad(good, "CNI_COMMAND", "PLUG", 4, "CNI_COMMAND"),
                new Bad(good, "CNI_CONTAINERID", "", 4, "CNI_CONTAINERID is missing"),
                new Bad(good, "CNI_CONTAINERID", "../x", 4, "CNI_CONTAINERID"),
                new Bad(good, "CNI_CONTAINERID", "x".repeat(201), 4, "CNI_CONTAINERID"),
                new Bad(good, "CNI_IFNAME", "", 4, "CNI_IFNAME is missing"),
                new Bad(good, "CNI_IFNAME", "sixteen-letters-", 4, "CNI_IFNAME"),
                new Bad(good, "CNI_IFNAME", "..", 4, "CNI_IFNAME"),
                new Bad(good, "CNI_IFNAME", "a/b", 4, "CNI_IFNAME"),
                new Bad(good, "CNI_NETNS", "", 4, "CNI_NETNS is missing"),
                new Bad(good, "CNI_NETNS", "netns/x", 4, "CNI_NETNS is no absolute path"),
                new Bad(good, "CNI_NETNS", "/run/netns/not-there-at-all", 4, "does not exist"),
                new Bad(good, "CNI_NETNS", "/etc/hostname", 4, "is not a network namespace"),
                new Bad(good, "CNI_NETNS", "/dev/zero", 4, "is not a network namespace"),
                new Bad(
                        good,
                        "CNI_NETNS",
                        overlay.node(1).namespace().path().toString(),
                        4,
                        "is the host's own namespace"),
                new Bad(good, "CNI_ARGS", "nonsense", 4, "CNI_ARGS: 'nonsense'"),
                new Bad(good, "CNI_ARGS", "IP=10.1.2.300", 4, "CNI_ARGS: '10.1.2.300'"),
                new Bad(good, "CNI_ARGS", "MAC=zz", 4, "CNI_ARGS: 'zz'"),
                new Bad(good, "CNI_LARGE", "x".repeat(70_000), 4, "64 KiB"));
        try (PodSandbox pod = overlay.sandbox()) {
            for (Bad bad : all) {
                CniProgram add =
                        node.program("ADD", "bad").with("CNI_NETNS", pod.path().toString());
                if (bad.variable() != null) {
                    add.with(bad.variable(), bad.value());
                }
                JsonNode error = failed(add, bad.input());
                assertThat(error.path("code").intValue())
                        .as("%s: %s", bad, error)
                        .isEqualTo(bad.code());
                assertThat(error.path("msg").stringValue()).contains(bad.says());
            }
            pod.namespace().ip("link add eth0 type veth peer name other");
            JsonNode taken = failed(
                    node.program("ADD", "bad").with("CNI_NETNS", pod.path().toString()), good);
            assertThat(taken.path("code").intValue()).isEqualTo(101);
            assertThat(failed(node.program("CHECK", "x"), config("0.3.1"))
                            .path("code")
                            .intValue())
                    .isEqualTo(1);
            assertThat(failed(
                                    node.program("CHECK", "x")
                                            .with("CNI_NETNS", pod.path().toString()),
                                    good.replace("}", ",\"prevResult\":{}}"))
                            .path("code")
                            .intValue())
                    .isEqualTo(3);
        }
        assertThat(node.cache().attachments()).isEmpty();
    }
}
