package io.portolan.agent.cache;

import static io.portolan.agent.cache.TestingNode.key;
import static io.portolan.agent.cache.TestingNode.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.agent.cache.CachedPort.State;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortReport.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PortCacheTest {
    private static final Duration COOLDOWN = Duration.ofSeconds(30);

    private final TestingClock clock = new TestingClock();
    private TestingNode node;

    @BeforeEach
    void startNode() {
        node = new TestingNode();
    }

    @AfterEach
    void stopNode() {
        node.close();
    }

    private static PortId take(PortCache cache, String sandbox) {
        return cache.take(request(sandbox), PortPreference.NONE)
                .orElseThrow()
                .port()
                .id();
    }

    private static List<String> story(PortCache cache) {
        return cache.outbox().pending(1_000).stream()
                .map(report -> report.kind() + " " + report.sandbox())
                .toList();
    }

    @Test
    void anAgentMakesItsDatabaseAndHasTheServerServeItBesideItsOthers() {
        try (PortCache cache = node.open(clock)) {
            assertThat(cache.counts()).isEqualTo(new CacheCounts(0, 0, 0, 0, 0, 0, 0));
            assertThat(cache.trouble()).isEmpty();
            assertThat(node.server().appctl("ovsdb-server/list-dbs").lines()).contains("Open_vSwitch", "Portolan_Node");
            assertThat(node.file()).exists();
            assertThat(node.file().getParent()).isDirectoryNotContaining("glob:.portolan*");
        }
    }

    @Test
    void lesson01APodGetsAPortAndKeepsItThroughARestartOfAgentAndServer() {
        PortId port;
        List<CachedPort> ports;
        List<Attachment> attachments;
        List<PortReport> reports;
        NodeRecord record;
        try (PortCache cache = node.openWith(clock, 4)) {
            port = take(cache, "a");
            assertThat(cache.note(key("a"), Map.of("host", "pn1"))).isTrue();
            ports = cache.ports();
            attachments = cache.attachments();
            reports = cache.outbox().pending(10);
            record = cache.node();
        }
        node.server().kill9();
        node.server().start();
        try (PortCache cache = node.open(clock)) {
            assertThat(cache.ports()).isEqualTo(ports);
            assertThat(cache.attachments()).isEqualTo(attachments);
            assertThat(cache.outbox().pending(10)).isEqualTo(reports);
            assertThat(cache.node()).isEqualTo(record);
            assertThat(cache.counts()).isEqualTo(new CacheCounts(3, 1, 0, 0, 0, 4, 1));
            assertThat(cache.attachment(key("a")).orElseThrow().notes()).isEqualTo(Map.of("host", "pn1"));
            Taken again = cache.take(request("a"), PortPreference.NONE).orElseThrow();
            assertThat(again.repeated()).isTrue();
            assertThat(again.port().id()).isEqualTo(port);
        }
    }

    @Test
    void askingTwiceForTheSameSandboxGivesTheSamePortAndOneReport() {
        try (PortCache cache = node.openWith(clock, 4)) {
            Taken first = cache.take(request("a"), PortPreference.NONE).orElseThrow();
            Taken second = cache.take(request("a"), PortPreference.NONE).orElseThrow();
            assertThat(second).isEqualTo(new Taken(first.port(), first.attachment(), true, null));
            assertThat(story(cache)).containsExactly("BOUND a");
        }
    }

    @Test
    void lesson06AHundredPodsThatAskTwiceAtOnceGetAHundredPortsAndTheNextGetsNone()
            throws InterruptedException, ExecutionException {
        try (PortCache cache = node.openWith(clock, 100);
                ExecutorService pods = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<PortId>> all = IntStream.range(0, 200)
                    .mapToObj(i -> pods.submit(() -> take(cache, "pod-" + i / 2)))
                    .toList();
            Set<PortId> distinct = new HashSet<>();
            for (Future<PortId> one : all) {
                distinct.add(one.get());
            }
            assertThat(distinct).hasSize(100);
            assertThat(cache.attachments()).hasSize(100);
            assertThat(cache.take(request("late"), PortPreference.NONE)).isEmpty();
            assertThat(story(cache)).hasSize(100).doesNotHaveDuplicates();
        }
    }

    @Test
    void aReleasedPortCoolsBeforeTheNextPodGetsIt() {
        try (PortCache cache = node.openWith(clock, 1)) {
            PortId port = take(cache, "a");
            assertThat(cache.release(key("a"))).contains(port);
            assertThat(cache.release(key("a"))).isEmpty();
            assertThat(cache.take(request("b"), PortPreference.NONE)).isEmpty();
            clock.pass(COOLDOWN.minusMillis(1));
            assertThat(cache.rest()).isEmpty();
            clock.pass(Duration.ofMillis(1));
            assertThat(cache.rest()).containsExactly(port);
            assertThat(take(cache, "b")).isEqualTo(port);
            assertThat(story(cache)).containsExactly("BOUND a", "RELEASED a", "RESTED a", "BOUND b");
        }
    }

    @Test
    void lesson07CoolingSurvivesARestartAndIsNeitherForgottenNorBegunAnew() {
        PortId port;
        try (PortCache cache = node.openWith(clock, 1)) {
            port = take(cache, "a");
            cache.release(key("a"));
        }
        clock.pass(Duration.ofSeconds(20));
        try (PortCache cache = node.open(clock)) {
            assertThat(cache.rest()).isEmpty();
            clock.pass(Duration.ofSeconds(10));
            assertThat(cache.rest()).containsExactly(port);
        }
    }

    @Test
    void aWallClockThatIsSetNeitherShortensNorStretchesCooling() {
        try (PortCache cache = node.openWith(clock, 2)) {
            take(cache, "a");
            cache.release(key("a"));
            clock.jump(Duration.ofHours(3));
            assertThat(cache.rest()).isEmpty();
            clock.jump(Duration.ofDays(-2));
            clock.pass(COOLDOWN.minusMillis(1));
            assertThat(cache.rest()).isEmpty();
            clock.pass(Duration.ofMillis(1));
            assertThat(cache.rest()).hasSize(1);
        }
    }

    @Test
    void afterARebootCoolingBeginsAgain() {
        try (PortCache cache = node.openWith(clock, 1)) {
            take(cache, "a");
            cache.release(key("a"));
        }
        clock.jump(Duration.ofHours(1));
        clock.reboot("boot-2");
        try (PortCache cache = node.open(clock)) {
            clock.pass(COOLDOWN.minusMillis(1));
            assertThat(cache.rest()).isEmpty();
            clock.pass(Duration.ofMillis(1));
            assertThat(cache.rest()).hasSize(1);
        }
    }

    @Test
    void lesson04AStaleReleaseOfAnEarlierSandboxLeavesThePodThatHasThePortNow() {
        try (PortCache cache = node.openWith(clock, 1)) {
            PortId port = take(cache, "a");
            cache.release(key("a"));
            clock.pass(COOLDOWN);
            cache.rest();
            assertThat(take(cache, "b")).isEqualTo(port);
            assertThat(cache.release(key("a"))).isEmpty();
            assertThat(cache.attachment(key("b"))).isPresent();
            assertThat(cache.port(port).orElseThrow().state()).isEqualTo(State.BOUND);
        }
    }

    @Test
    void lesson05ANewSandboxSupersedesOnlyThoseOfItsPodThatTheCallerKnowsToBeDead() {
        try (PortCache cache = node.openWith(clock, 5)) {
            PodRef pod = new PodRef("shop", "cart", "uid-1");
            PodRef other = new PodRef("shop", "till", "uid-2");
            for (String sandbox : List.of("dead", "alive")) {
                cache.take(PortRequest.of(key(sandbox), "/run/netns/x", pod), PortPreference.NONE);
            }
            cache.take(PortRequest.of(key("others"), "/run/netns/x", other), PortPreference.NONE);
            assertThat(cache.attachmentsOfPod("uid-1")).hasSize(2);
            cache.take(
                    new PortRequest(
                            key("new"),
                            "/run/netns/y",
                            pod,
                            Set.of(key("dead"), key("others"), key("gone")),
                            null,
                            Map.of(),
                            UUID.randomUUID()),
                    PortPreference.NONE);
            assertThat(cache.attachments().stream().map(one -> one.key().sandbox()))
                    .containsExactlyInAnyOrder("alive", "others", "new");
            assertThat(cache.counts()).isEqualTo(new CacheCounts(1, 3, 1, 0, 0, 5, 5));
            assertThat(story(cache))
                    .containsExactly("BOUND dead", "BOUND alive", "BOUND others", "RELEASED dead", "BOUND new");
        }
    }

    @Test
    void thePreferredPortIsTakenFirstThenTheOneThatRestedLongest() {
        try (PortCache cache = node.openWith(clock, 4)) {
            List<PortId> all = cache.ports().stream().map(CachedPort::id).toList();
            PortPreference last =
                    port -> port.id().equals(all.get(3)) ? 0 : port.id().equals(all.get(0)) ? -1 : 1;
            assertThat(cache.take(request("a"), last).orElseThrow().port().id()).isEqualTo(all.get(3));
            assertThat(cache.take(request("b"), last).orElseThrow().port().id()).isEqualTo(all.get(1));
            assertThat(cache.take(request("c"), last).orElseThrow().port().id()).isEqualTo(all.get(2));
            assertThat(cache.take(request("d"), last)).isEmpty();
            for (String sandbox : List.of("b", "a", "c")) {
                cache.release(key(sandbox));
                clock.pass(Duration.ofSeconds(1));
            }
            clock.pass(COOLDOWN);
            cache.rest();
            assertThat(take(cache, "e")).isEqualTo(all.get(0));
            assertThat(take(cache, "f")).isEqualTo(all.get(1));
            assertThat(take(cache, "g")).isEqualTo(all.get(3));
        }
    }

    @Test
    void aDisputedPortIsNotHandedOutUntilItIsSettled() {
        try (PortCache cache = node.openWith(clock, 1)) {
            PortId port = cache.ports().getFirst().id();
            cache.dispute(Set.of(port), "something has its interface");
            assertThat(cache.take(request("a"), PortPreference.NONE)).isEmpty();
            assertThat(cache.leases().giveBack(Set.of(port))).isEmpty();
            cache.settle(Set.of(port), "another reason");
            assertThat(cache.take(request("a"), PortPreference.NONE)).isEmpty();
            cache.settle(Set.of(port), "something has its interface");
            assertThat(take(cache, "a")).isEqualTo(port);
        }
    }

    @Test
    void aReturningPortIsNeverUsedAgainUnlessTheLedgerKeepsCountingItAsOurs() {
        try (PortCache cache = node.openWith(clock, 2)) {
            List<PortId> all = cache.ports().stream().map(CachedPort::id).toList();
            assertThat(cache.leases().giveBack(all)).containsExactlyElementsOf(all);
        }
        try (PortCache cache = node.open(clock)) {
            List<PortId> all = cache.ports().stream().map(CachedPort::id).toList();
            assertThat(cache.leases().returning()).containsExactlyInAnyOrderElementsOf(all);
            assertThat(cache.take(request("a"), PortPreference.NONE)).isEmpty();
            cache.leases().returned(List.of(all.get(0)), List.of(all.get(1)));
            assertThat(cache.ports().stream().map(CachedPort::id)).containsExactly(all.get(1));
            assertThat(take(cache, "a")).isEqualTo(all.get(1));
        }
    }

    @Test
    void aPortWhoseStoryIsNotDeliveredIsNotGivenBack() {
        try (PortCache cache = node.openWith(clock, 1)) {
            PortId port = take(cache, "a");
            cache.release(key("a"));
            clock.pass(COOLDOWN);
            cache.rest();
            assertThat(cache.leases().giveBack(Set.of(port))).isEmpty();
            cache.outbox()
                    .delivered(cache.outbox().pending(10).stream()
                            .map(PortReport::id)
                            .toList());
            assertThat(cache.leases().giveBack(Set.of(port))).containsExactly(port);
        }
    }

    @Test
    void reportsKeepTheirOrderWhileSomeAreDelivered() {
        try (PortCache cache = node.openWith(clock, 3)) {
            take(cache, "a");
            take(cache, "b");
            List<PortReport> first = cache.outbox().pending(1);
            cache.outbox().delivered(List.of(first.getFirst().id()));
            cache.outbox().delivered(List.of(first.getFirst().id()));
            take(cache, "c");
            cache.release(key("b"));
            assertThat(story(cache)).containsExactly("BOUND b", "BOUND c", "RELEASED b");
            assertThat(cache.outbox().pending(1).getFirst().kind()).isEqualTo(Kind.BOUND);
        }
    }

    @Test
    void aPodStartsAsSoonAsTheServerIsBack() throws InterruptedException, ExecutionException {
        try (PortCache cache = node.openWith(clock, 2);
                ExecutorService pods = Executors.newVirtualThreadPerTaskExecutor()) {
            node.server().kill9();
            Future<PortId> port = pods.submit(() -> take(cache, "a"));
            await().atMost(TestingNode.PATIENCE).until(() -> cache.trouble().isPresent());
            node.server().start();
            assertThat(cache.attachment(key("a"))).isEmpty();
            PortId got = port.get();
            assertThat(cache.attachment(key("a")).map(Attachment::port)).contains(got);
            assertThat(story(cache)).containsExactly("BOUND a");
            await().atMost(TestingNode.PATIENCE).until(() -> cache.trouble().isEmpty());
        }
    }

    @Test
    void whileTheServerIsAwayARequestFailsInTimeWithTheCause() {
        PortCache cache = PortCache.open(node.settings(TestingNode.NODE, Duration.ofSeconds(2)), clock);
        try (cache) {
            TestingNode.awaitReady(cache);
            node.server().kill9();
            assertThatThrownBy(() -> cache.take(request("a"), PortPreference.NONE))
                    .isInstanceOf(CacheUnavailable.class)
                    .hasMessageContaining("ovsdb-server does not answer at");
        }
    }

    @Test
    void aSecondAgentWaitsSaysSoAndThenKnowsAllThatTheFirstDid() {
        PortCache first = node.openWith(clock, 2);
        try (first;
                PortCache second = PortCache.open(node.settings(TestingNode.NODE, Duration.ofSeconds(1)), clock)) {
            await().atMost(TestingNode.PATIENCE)
                    .until(() -> second.trouble()
                            .filter(why -> why.contains("another agent"))
                            .isPresent());
            assertThatThrownBy(() -> second.take(request("b"), PortPreference.NONE))
                    .isInstanceOf(CacheUnavailable.class)
                    .hasMessageContaining("another agent");
            PortId port = take(first, "a");
            first.close();
            TestingNode.awaitReady(second);
            assertThat(second.attachment(key("a")).map(Attachment::port)).contains(port);
            assertThat(take(second, "b")).isNotEqualTo(port);
        }
    }

    @Test
    void anAgentThatLostItsTurnDecidesUponWhatTheOtherWrote() {
        node.openWith(clock, 2).close();
        // Whoever is not the writer waits so long each time.
        CacheSettings impatient = node.settings(TestingNode.NODE, Duration.ofSeconds(3));
        try (PortCache first = PortCache.open(impatient, clock);
                PortCache second = PortCache.open(impatient, clock)) {
            await().atMost(TestingNode.PATIENCE)
                    .until(() -> first.trouble()
                            .or(second::trouble)
                            .filter(why -> why.contains("another agent"))
                            .isPresent());
            Set<String> taken = new HashSet<>();
            for (int i = 0; i < 12; i++) {
                node.server().restart();
                PortCache one = i % 2 == 0 ? first : second;
                String sandbox = "s" + i;
                try {
                    one.take(request(sandbox), PortPreference.NONE).ifPresent(ignored -> taken.add(sandbox));
                } catch (CacheUnavailable e) {
                    assertThat(e).hasMessageContaining("another agent");
                }
            }
            await().atMost(TestingNode.PATIENCE)
                    .until(() -> taken.size() <= 2
                            && (first.trouble().isEmpty() || second.trouble().isEmpty()));
            PortCache writer = first.trouble().isEmpty() ? first : second;
            assertThat(writer.attachments().stream().map(one -> one.key().sandbox()))
                    .containsExactlyInAnyOrderElementsOf(taken);
            assertThat(writer.attachments().stream().map(Attachment::port)).doesNotHaveDuplicates();
        }
    }

    @Test
    void theDatabaseItselfRefusesToGiveOnePortTwice() {
        try (PortCache cache = node.openWith(clock, 1)) {
            PortId port = take(cache, "a");
            String answer = node.server().transact("""
                    ["Portolan_Node",{"op":"insert","table":"Attachment","row":{"sandbox":"b","interface":"eth0",
                    "port":["uuid","%s"]}}]""".formatted(port));
            assertThat(answer).contains("constraint violation");
            answer = node.server().transact("""
                    ["Portolan_Node",{"op":"delete","table":"Port","where":[["_uuid","==",["uuid","%s"]]]}]""".formatted(port));
            assertThat(answer).contains("referential integrity violation");
            assertThat(cache.attachments()).hasSize(1);
        }
    }

    @Test
    void anotherNodesCacheIsRefusedByName() {
        node.open(clock).close();
        try (PortCache cache = PortCache.open(node.settings(new NodeName("worker-2"), Duration.ofSeconds(2)), clock)) {
            assertThatThrownBy(() -> cache.take(request("a"), PortPreference.NONE))
                    .isInstanceOf(CacheUnavailable.class)
                    .hasMessageContaining("is of node worker-1 in cluster blue, not of worker-2");
        }
    }

    @Test
    void aNewerSchemaIsRefusedAndAnOlderOneIsConverted() throws IOException {
        Files.createDirectories(node.file().getParent());
        make(TestingNode.schema().replace("\"1.1.0\"", "\"2.0.0\""));
        try (PortCache cache = PortCache.open(node.settings(TestingNode.NODE, Duration.ofSeconds(2)), clock)) {
            assertThatThrownBy(() -> cache.take(request("a"), PortPreference.NONE))
                    .isInstanceOf(CacheUnavailable.class)
                    .hasMessageContaining(
                            "has schema 2.0.0, and this agent knows 1.1.0: run the agent of the later release");
        }
        node.server().appctl("ovsdb-server/remove-db", "Portolan_Node");
        Files.delete(node.file());
        make(TestingNode.schema().replace("\"1.1.0\"", "\"0.9.0\""));
        try (PortCache cache = node.openWith(clock, 1)) {
            assertThat(take(cache, "a")).isNotNull();
            assertThat(node.workspace()
                            .command(
                                    "ovsdb-client",
                                    "get-schema-version",
                                    node.server().unixRemote(),
                                    "Portolan_Node")
                            .output()
                            .strip())
                    .isEqualTo("1.1.0");
        }
    }

    /** A later release's agent was here and is taken back: its columns, and what it wrote there, stay for its return. */
    @Test
    void anAgentOfBeforeWorksOnTheCacheOfALaterReleaseAndLeavesItAsItIs() throws IOException {
        Files.createDirectories(node.file().getParent());
        make(TestingNode.schema()
                .replace("\"1.1.0\"", "\"1.2.0\"")
                .replace(
                        "\"vlan_tag\":",
                        "\"zone\": {\"type\": {\"key\": \"string\", \"min\": 0, \"max\": 1}}, \"vlan_tag\":"));
        PortId port;
        try (PortCache cache = node.openWith(clock, 2)) {
            port = take(cache, "a");
        }
        node.server().transact("""
                ["Portolan_Node",{"op":"update","table":"Port","where":[["_uuid","==",["uuid","%s"]]],"row":{"zone":"east"}}]""".formatted(port));
        try (PortCache cache = node.open(clock)) {
            assertThat(cache.release(key("a"))).contains(port);
            assertThat(take(cache, "b")).isNotNull();
        }
        assertThat(node.server().transact("""
                ["Portolan_Node",{"op":"select","table":"Port","where":[["zone","==","east"]],"columns":["_uuid"]}]""").toString()).contains(port.toString());
        assertThat(node.workspace()
                        .command(
                                "ovsdb-client",
                                "get-schema-version",
                                node.server().unixRemote(),
                                "Portolan_Node")
                        .output()
                        .strip())
                .isEqualTo("1.2.0");
    }

    /** Two pods ran, and a third port was free, when the agent was replaced by one that knows of profiles. */
    @Test
    void aCacheOfTheSchemaBeforeProfilesKeepsItsPodsAndKnowsNoPortsProfiles() throws IOException {
        Files.createDirectories(node.file().getParent());
        try (InputStream before = PortCacheTest.class.getResourceAsStream("portolan-node-1.0.0.ovsschema")) {
            make(new String(before.readAllBytes(), StandardCharsets.UTF_8));
        }
        node.server().appctl("ovsdb-server/add-db", node.file().toString());
        String port = UUID.randomUUID().toString();
        node.server().transact("""
                ["Portolan_Node",
                {"op":"insert","table":"Node","row":{"serial":7,"cluster":"blue","node":"worker-1","state":"",
                "epoch":0,"lease_batch":1,"mtu":1400,"warm_headroom":0,"cooldown_seconds":0,"claim_count":0}},
                {"op":"insert","table":"Port","uuid":"%1$s","row":{"subnet":["uuid","%1$s"],"backend_id":"b",
                "mac":"0a:58:0a:04:00:02","addresses":["map",[["10.4.0.2/16","10.4.0.1"]]],"state":"bound","revision":5}},
                {"op":"insert","table":"Attachment","row":{"sandbox":"s","interface":"eth0","port":["uuid","%1$s"],
                "netns":"/run/netns/s","bound_at":1000,"notes":["map",[["network","pods"]]]}}]""".formatted(port));
        try (PortCache cache = node.open(clock)) {
            assertThat(cache.ports()).hasSize(1);
            CachedPort kept = cache.ports().getFirst();
            assertThat(kept.profiles()).isNull();
            assertThat(kept.state()).isEqualTo(CachedPort.State.BOUND);
            assertThat(kept.revision()).isEqualTo(5);
            assertThat(cache.attachments().getFirst().notes()).isEqualTo(Map.of("network", "pods"));
            assertThat(cache.profiles().security()).isEmpty();
            cache.profiles().confirmed(List.of(kept.id()), Set.of());
        }
        try (PortCache cache = node.open(clock)) {
            assertThat(cache.ports().getFirst().profiles()).isEmpty();
        }
    }

    @Test
    void whatIsKnownOfProfilesSurvivesTheServersDeathAndAPortThatIsTakenForOthersIsUnknownAtOnce() {
        Set<ProfileId> web = Set.of(ProfileId.parse("00000000-0000-4000-8000-000000000001"));
        Set<ProfileId> other = Set.of(ProfileId.parse("00000000-0000-4000-8000-000000000002"));
        KnownSecurity said = new KnownSecurity(node.id(), "\"1\"", "{\"enforced\":true}");
        try (PortCache cache = node.openWith(clock, 3)) {
            List<PortId> ports = cache.ports().stream().map(CachedPort::id).toList();
            assertThat(cache.ports()).allMatch(port -> port.profiles() == null);
            cache.profiles().confirmed(ports, web);
            cache.profiles().keep(said, false);
            node.server().kill9();
            node.server().start();
            Taken fit = cache.take(wanting("a", web), PortPreference.NONE).orElseThrow();
            assertThat(fit.before()).isEqualTo(web);
            assertThat(fit.port().profiles()).isEqualTo(web);
            Taken unfit = cache.take(wanting("b", other), PortPreference.NONE).orElseThrow();
            assertThat(unfit.before()).isEqualTo(web);
            assertThat(unfit.port().profiles()).isNull();
        }
        try (PortCache cache = node.open(clock)) {
            assertThat(cache.profiles().security()).contains(said);
            assertThat(cache.ports().stream().map(CachedPort::profiles)).containsExactly(web, null, web);
            assertThat(cache.profiles()
                            .unsettle(cache.ports().stream().map(CachedPort::id).toList(), CachedPort::available))
                    .hasSize(1);
            assertThat(cache.ports().stream().map(CachedPort::profiles)).containsExactly(web, null, null);
            cache.profiles().keep(new KnownSecurity(node.id(), "\"2\"", "{}"), true);
            assertThat(cache.ports()).allMatch(port -> port.profiles() == null);
        }
    }

    private static PortRequest wanting(String sandbox, Set<ProfileId> profiles) {
        PortRequest request = request(sandbox);
        return new PortRequest(
                request.key(), request.netns(), request.pod(), Set.of(), profiles, Map.of(), UUID.randomUUID());
    }

    private void make(String schema) throws IOException {
        node.workspace()
                .command(
                        "ovsdb-tool",
                        "create",
                        node.file().toString(),
                        Files.writeString(node.workspace().directory().resolve("made.ovsschema"), schema)
                                .toString())
                .output();
    }

    @Test
    void whenTheNodeIsAnotherOneInTheLedgerNothingIsHandedOutBeforeTheLedgerWasAsked() {
        try (PortCache cache = node.openWith(clock, 3)) {
            PortId port = take(cache, "a");
            cache.outbox()
                    .delivered(List.of(cache.outbox().pending(1).getFirst().id()));
            cache.leases().registered(node.view(NodeId.random(), 1, "ready", 30));
            assertThat(cache.take(request("b"), PortPreference.NONE)).isEmpty();
            Leases.Difference difference = cache.leases().compare(cache.leases().look(), List.of());
            assertThat(difference.returning()).hasSize(2);
            assertThat(difference.strange()).containsExactly(port);
            assertThat(cache.attachment(key("a")).map(Attachment::port)).isEqualTo(Optional.of(port));
        }
    }
}
