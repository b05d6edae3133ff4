package io.portolan.agent.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.CacheCounts;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cache.PortPreference;
import io.portolan.agent.cache.TestingClock;
import io.portolan.agent.cache.TestingNode;
import io.portolan.agent.control.TestingControlPlane.Fault;
import io.portolan.agent.security.PortClosing;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.SubnetId;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;

class ControlPlaneTest {
    private final TestingClock clock = new TestingClock();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Set<PortId> plumbed = ConcurrentHashMap.newKeySet();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final AtomicInteger coming = new AtomicInteger();
    private TestingNode node;
    private TestingControlPlane ledger;
    private PortCache cache;

    @BeforeEach
    void startNode() {
        node = new TestingNode();
        ledger = new TestingControlPlane(TestingNode.CLUSTER, TestingNode.NODE, 64);
        cache = node.open(clock);
    }

    @AfterEach
    void stopNode() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
        cache.close();
        ledger.close();
        node.close();
    }

    private ControlPlane start(URI... urls) {
        List<URI> all = urls.length == 0 ? List.of(ledger.url()) : List.of(urls);
        ControlPlane control = new ControlPlane(
                new ControlSettings(
                        TestingNode.CLUSTER,
                        TestingNode.NODE,
                        all,
                        all,
                        new Machine(4, 8192, 110),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        new DefaultSslBundleRegistry(),
                        Duration.ofMillis(200),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(5)),
                cache,
                new Wires(() -> Set.copyOf(plumbed), plumbed::remove, PortClosing.NONE),
                () -> Optional.of("chassis-1"),
                coming::get,
                () -> {},
                meters);
        open.add(control);
        control.start();
        return control;
    }

    private static ConditionFactory soon() {
        return await().atMost(TestingNode.PATIENCE).pollInterval(Duration.ofMillis(20));
    }

    private static Predicate<CacheCounts> free(int count) {
        return counts -> counts.free() == count;
    }

    private void take(String sandbox) {
        assertThat(cache.take(TestingNode.request(sandbox), PortPreference.NONE))
                .isPresent();
    }

    private List<String> story() {
        return ledger.history().stream()
                .map(report -> report.kind() + " " + report.sandbox())
                .toList();
    }

    private Set<PortId> held() {
        return ledger.ports(PortState.LEASED).stream().map(PortView::id).collect(Collectors.toSet());
    }

    private Set<PortId> cached() {
        return cache.ports().stream().map(CachedPort::id).collect(Collectors.toSet());
    }

    private long calls(String operation) {
        return ledger.calls().stream().filter(operation::equals).count();
    }

    @Test
    void everyRoundHasATraceThatItsCallsBear() {
        start();
        soon().until(() -> cache.counts().free() > 0);
        take("a");
        soon().until(() -> ledger.traces().stream()
                                .filter(call -> call.startsWith("reports "))
                                .count()
                        > 0
                && ledger.traces().stream()
                                .filter(call -> call.startsWith("register "))
                                .count()
                        > 2);
        assertThat(ledger.traces()).allMatch(call -> call.matches("[a-z]+ 00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
        assertThat(ledger.traces().stream().filter(call -> call.startsWith("register ")))
                .doesNotHaveDuplicates();
    }

    @Test
    void aNodeRegistersLeasesABatchAndTellsWhatHappens() {
        start();
        soon().until(cache::counts, free(16));
        assertThat(cached()).isEqualTo(held());
        assertThat(cache.node().registration().orElseThrow().epoch()).isEqualTo(1);
        take("a");
        cache.release(TestingNode.key("a"));
        soon().until(() -> story().equals(List.of("BOUND a", "RELEASED a", "RESTED a")));
        soon().until(() -> cache.counts().reports() == 0);
        assertThat(meters.get("portolan.control.calls")
                        .tags("service", "ipam", "operation", "claim", "outcome", "ok")
                        .timer()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void theCacheGrowsWithThePodsAndShrinksOnlyWhenTwoBatchesTooManyAreIdle() {
        start();
        soon().until(cache::counts, free(16));
        for (int i = 0; i < 9; i++) {
            take("pod-" + i);
        }
        soon().until(() -> cache.counts().all() == 32);
        for (int i = 9; i < 30; i++) {
            take("pod-" + i);
        }
        soon().until(() -> cache.counts().all() == 48);
        for (int i = 0; i < 20; i++) {
            cache.release(TestingNode.key("pod-" + i));
        }
        soon().until(() -> cache.counts().free() == 38 && cache.counts().reports() == 0);
        assertThat(cache.counts().all()).isEqualTo(48);
        plumbed.addAll(cached());
        Set<PortId> wired = cache.ports().stream()
                .filter(CachedPort::available)
                .map(CachedPort::id)
                .limit(10)
                .collect(Collectors.toSet());
        plumbed.retainAll(wired);
        for (int i = 20; i < 30; i++) {
            cache.release(TestingNode.key("pod-" + i));
        }
        soon().until(() -> cache.counts().all() == 48 && cache.counts().free() == 48);
        ledger.settings(new NodeView.Settings(8, 8, 0, 1400));
        soon().until(() -> cache.counts().all() == 8);
        soon().until(() -> held().equals(cached()));
        assertThat(plumbed).isEqualTo(cached());
    }

    @Test
    void aClaimWhoseAnswerIsLostIsFoundAgainAndNothingLeaks() {
        ledger.next("claims", Fault.ANSWER_LOST, Fault.ANSWER_LOST);
        start();
        soon().until(() -> cache.counts().free() == 16 && cache.node().claim().isEmpty());
        assertThat(cached()).isEqualTo(held());
        assertThat(calls("claims")).isEqualTo(3);
    }

    @Test
    void aClaimThatTheLedgerDidAndDidNotConfirmIsAskedForAgainAndNothingLeaks() {
        ledger.next("claims", Fault.UNCONFIRMED, Fault.UNCONFIRMED);
        start();
        soon().until(() -> cache.counts().free() == 16 && cache.node().claim().isEmpty());
        assertThat(cached()).isEqualTo(held());
        assertThat(calls("claims")).isEqualTo(3);
    }

    @Test
    void aClaimThatWasLostTogetherWithTheAgentIsFoundAgain() {
        cache.leases().registered(node.view(0));
        cache.leases().claim(16);
        node.server().kill9();
        node.server().start();
        cache.close();
        cache = node.open(clock);
        assertThat(cache.node().claim()).isPresent();
        start();
        soon().until(cache::counts, free(16));
        assertThat(cached()).isEqualTo(held());
    }

    @Test
    void aReportWhoseAnswerIsLostIsDeliveredOnceAndInOrder() {
        start();
        soon().until(cache::counts, free(16));
        ledger.next("reports", Fault.ANSWER_LOST, Fault.BAD_GATEWAY, Fault.ANSWER_LOST);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            take("pod-" + i);
            expected.add("BOUND pod-" + i);
        }
        soon().until(() -> cache.counts().reports() == 0);
        assertThat(story()).isEqualTo(expected);
    }

    @Test
    void whatHappensWhileTheControlPlaneIsDownIsToldWhenItIsBack() {
        ControlPlane control = start();
        soon().until(cache::counts, free(16));
        ledger.stop();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            take("pod-" + i);
            expected.add("BOUND pod-" + i);
        }
        for (int i = 0; i < 3; i++) {
            cache.release(TestingNode.key("pod-" + i));
            expected.add("RELEASED pod-" + i);
        }
        soon().until(() -> control.trouble().isPresent() && cache.counts().cooling() == 0);
        assertThat(control.trouble().orElseThrow()).contains("does not answer");
        assertThat(story()).isEmpty();
        ledger.start();
        soon().until(() -> cache.counts().reports() == 0);
        assertThat(story().subList(0, 8)).isEqualTo(expected);
        assertThat(story().stream().filter(one -> one.startsWith("RESTED"))).hasSize(3);
        assertThat(story()).hasSize(11);
        soon().until(() -> control.trouble().isEmpty());
    }

    @Test
    void anEmptyCacheFillsAsSoonAsTheLedgerHasPortsAgain() {
        start();
        soon().until(cache::counts, free(16));
        ledger.ports(PortState.FREE).forEach(port -> ledger.change(port.id(), PortState.DRAINING, null));
        for (int i = 0; i < 16; i++) {
            take("pod-" + i);
        }
        ControlPlane control = (ControlPlane) open.getLast();
        soon().until(() ->
                control.trouble().filter(why -> why.contains("are taken")).isPresent());
        assertThat(cache.take(TestingNode.request("late"), PortPreference.NONE)).isEmpty();
        ledger.addPorts(16);
        soon().until(() -> {
            control.wanted();
            return cache.counts().free() > 0;
        });
        take("late");
    }

    @Test
    void aReturnInDoubtIsFencedBeforePortsAreClaimedAgain() {
        start();
        soon().until(cache::counts, free(16));
        ledger.settings(new NodeView.Settings(16, 40, 0, 1400));
        soon().until(cache::counts, free(48));
        long before = ledger.epoch();
        ledger.next("releases", Fault.HELD);
        ledger.settings(new NodeView.Settings(8, 1, 0, 1400));
        soon().until(() -> cache.counts().all() == 8);
        assertThat(ledger.epoch()).isGreaterThan(before);
        ledger.settings(new NodeView.Settings(16, 40, 0, 1400));
        soon().until(cache::counts, free(48));
        for (int i = 0; i < 48; i++) {
            take("pod-" + i);
        }
        long returns = calls("releases");
        ledger.letThrough();
        soon().until(() -> calls("releases") > returns);
        soon().until(() -> cache.counts().reports() == 0);
        assertThat(ledger.ports(PortState.BOUND)).hasSize(48);
        assertThat(meters.get("portolan.reports.refused").counter().count()).isZero();
    }

    @Test
    void aPortThatTheLedgerLeasedAndTheCacheDoesNotKnowIsAdopted() {
        start();
        soon().until(cache::counts, free(16));
        List<PortView> extra = ledger.ports(PortState.FREE).subList(0, 2);
        extra.forEach(port -> ledger.change(port.id(), PortState.LEASED, 1L));
        soon().until(() -> cache.counts().free() == 18);
        assertThat(cached()).isEqualTo(held());
    }

    @Test
    void aLostCacheIsRebuiltFromTheLedgerAndItsPodsKeepTheirPorts() throws IOException {
        start();
        soon().until(cache::counts, free(16));
        take("a");
        take("b");
        cache.release(TestingNode.key("b"));
        soon().until(() -> cache.counts().reports() == 0 && cache.counts().cooling() == 0);
        PortId ofA = cache.attachment(TestingNode.key("a")).orElseThrow().port();
        ((ControlPlane) open.removeLast()).close();
        cache.close();
        node.server().appctl("ovsdb-server/remove-db", "Portolan_Node");
        Files.delete(node.file());
        cache = node.open(clock);
        assertThat(cache.ports()).isEmpty();
        start();
        soon().until(cache::counts, free(15));
        assertThat(cache.attachment(TestingNode.key("a")).orElseThrow().port()).isEqualTo(ofA);
        assertThat(cache.counts()).isEqualTo(new CacheCounts(15, 1, 0, 0, 0, 16, 0));
    }

    @Test
    void anUnusedPortThatIsNotTheLedgersAnyMoreLeavesTheCacheAndAUsedOneStaysAndIsNotUsedAgain() {
        start();
        soon().until(cache::counts, free(16));
        take("a");
        soon().until(() -> cache.counts().reports() == 0);
        PortId used = cache.attachment(TestingNode.key("a")).orElseThrow().port();
        PortId unused = cache.ports().stream()
                .filter(CachedPort::available)
                .map(CachedPort::id)
                .findFirst()
                .orElseThrow();
        ledger.change(used, PortState.FAILED, null);
        ledger.change(unused, PortState.FAILED, null);
        soon().until(() -> cache.port(unused).isEmpty());
        soon().until(() -> cache.counts().disputed() == 1);
        assertThat(cache.attachment(TestingNode.key("a")).orElseThrow().port()).isEqualTo(used);
        soon().until(() -> meters.get("portolan.ports.strange").gauge().value() == 1);
        cache.release(TestingNode.key("a"));
        soon().until(() -> cache.port(used).isEmpty());
        assertThat(meters.get("portolan.reports.refused").counter().count()).isPositive();
    }

    @Test
    void aWrongPictureInTheLedgerIsCorrectedByTellingItAgain() {
        start();
        soon().until(cache::counts, free(16));
        take("a");
        soon().until(() -> cache.counts().reports() == 0);
        PortId used = cache.attachment(TestingNode.key("a")).orElseThrow().port();
        ledger.change(used, PortState.LEASED, 1L);
        soon().until(() -> ledger.port(used).state() == PortState.BOUND);
    }

    @Test
    void anotherRunsRegistrationIsNoticedAndReplaced() {
        start();
        soon().until(cache::counts, free(16));
        ledger.raiseEpoch();
        long raised = ledger.epoch();
        take("a");
        soon().until(() -> story().equals(List.of("BOUND a")));
        assertThat(ledger.epoch()).isGreaterThan(raised);
    }

    @Test
    void anotherMachineOfTheSameNameFencesThisOneUntilARegistrationSucceeds() {
        start();
        soon().until(cache::counts, free(16));
        take("a");
        ledger.refuseRegistrations(409, "node-identity-conflict", "node worker-1 registered from another chassis");
        soon().until(() -> cache.fenced().isPresent());
        assertThat(cache.trouble()).contains("node worker-1 registered from another chassis");
        assertThatThrownBy(() -> cache.take(TestingNode.request("b"), PortPreference.NONE))
                .isInstanceOf(CacheUnavailable.class)
                .hasMessageContaining("another chassis");
        assertThat(cache.take(TestingNode.request("a"), PortPreference.NONE)
                        .orElseThrow()
                        .repeated())
                .isTrue();
        assertThat(cache.release(TestingNode.key("a"))).isPresent();
        cache.close();
        ((ControlPlane) open.removeLast()).close();
        cache = node.open(clock);
        assertThat(cache.fenced()).isPresent();
        ledger.acceptRegistrations();
        start();
        soon().until(() -> cache.fenced().isEmpty());
        take("b");
    }

    @Test
    void aNodeThatIsTakenDownGivesBackAllThatNoPodHas() {
        start();
        soon().until(cache::counts, free(16));
        take("a");
        ledger.refuseRegistrations(409, "node-draining", "node worker-1 is being taken down");
        soon().until(() -> cache.counts().all() == 1);
        soon().until(() -> ledger.ports(PortState.BOUND).size() == 1 && held().isEmpty());
        cache.release(TestingNode.key("a"));
        soon().until(() -> cache.counts().all() == 0);
        assertThat(ledger.ports(PortState.FREE)).hasSize(64);
    }

    @Test
    void aReportThatCannotBeReadIsDroppedAndHoldsUpNoOther() {
        start();
        soon().until(cache::counts, free(16));
        ledger.stop();
        take("a");
        take("malformed");
        take("b");
        ledger.start();
        soon().until(() -> cache.counts().reports() == 0);
        assertThat(story()).containsExactly("BOUND a", "BOUND b");
        assertThat(meters.get("portolan.reports.refused").counter().count()).isEqualTo(1);
    }

    @Test
    void whenOneReplicaIsDownTheOtherIsAsked() throws IOException {
        URI dead;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            dead = URI.create("http://127.0.0.1:" + socket.getLocalPort());
        }
        ControlPlane control = start(dead, ledger.url());
        soon().until(cache::counts, free(16));
        soon().until(() -> control.trouble().isEmpty());
        assertThat(ledger.epoch()).isEqualTo(1);
    }

    @Test
    void aNodeThatWasReplacedInTheLedgerHandsOutOnlyTheNewNodesPorts() {
        start();
        soon().until(cache::counts, free(16));
        take("a");
        soon().until(() -> cache.counts().reports() == 0);
        Set<PortId> old = new HashSet<>(cached());
        PortId used = cache.attachment(TestingNode.key("a")).orElseThrow().port();
        ledger.replaceNode(32);
        soon().until(() -> cache.ports().stream()
                        .filter(CachedPort::available)
                        .map(CachedPort::id)
                        .filter(id -> !old.contains(id))
                        .count()
                >= 15);
        soon().until(() -> cached().stream().filter(old::contains).toList().equals(List.of(used)));
        assertThat(cache.attachment(TestingNode.key("a")).orElseThrow().port()).isEqualTo(used);
    }

    @Test
    void noCallIsMadeWhileAPodStartsOrStops() {
        start();
        soon().until(cache::counts, free(16));
        ledger.stop();
        long began = System.nanoTime();
        for (int i = 0; i < 16; i++) {
            take("pod-" + i);
        }
        for (int i = 0; i < 16; i++) {
            cache.release(TestingNode.key("pod-" + i));
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
        assertThat(cache.outbox().pending(100).stream().map(PortReport::kind).distinct())
                .contains(PortReport.Kind.BOUND, PortReport.Kind.RELEASED);
    }

    @Test
    void lesson18PortsOfPodsThatAreScheduledAreThereBeforeTheyStart() {
        ControlPlane control = start();
        soon().until(cache::counts, free(16));
        take("a");
        soon().until(() -> new NodeRegistration.Demand(1, 0).equals(demand()));
        coming.set(30);
        control.wanted();
        soon().until(cache::counts, free(31));
        soon().until(() -> new NodeRegistration.Demand(1, 30).equals(demand()));
        coming.set(0);
        soon().until(() -> new NodeRegistration.Demand(1, 0).equals(demand()));
        assertThat(cache.counts().all())
                .as("two batches too many are not given back for that")
                .isEqualTo(32);
    }

    private NodeRegistration.@Nullable Demand demand() {
        NodeRegistration said = ledger.registered();
        return said == null ? null : said.demand();
    }

    @Test
    void lesson11AnOfferedSubnetIsGivenBackByTheNodeWhenItsPodsAreGone() {
        ledger.close();
        ledger = new TestingControlPlane(TestingNode.CLUSTER, TestingNode.NODE, 12);
        ledger.furtherSubnet();
        ledger.addPorts(4);
        start();
        soon().until(cache::counts, free(16));
        for (int i = 0; i < 14; i++) {
            take("pod-" + i);
        }
        Set<PortId> used = cache.attachments().stream().map(Attachment::port).collect(Collectors.toSet());
        SubnetId offered = ledger.offer();
        ledger.furtherSubnet();
        ledger.addPorts(40);
        soon().until(() -> cached().stream().noneMatch(id -> isOf(offered, id) && !used.contains(id)));
        assertThat(cached()).as("pods keep theirs").containsAll(used);
        take("another");
        assertThat(cache.attachment(TestingNode.key("another")).map(Attachment::port))
                .isPresent()
                .hasValueSatisfying(port -> assertThat(isOf(offered, port)).isFalse());
        for (int i = 0; i < 14; i++) {
            cache.release(TestingNode.key("pod-" + i));
        }
        soon().until(() -> cached().stream().noneMatch(id -> isOf(offered, id)));
        soon().until(() -> ledger.ports(PortState.FREE).stream()
                        .filter(port -> port.subnet().equals(offered))
                        .count()
                == 4);
        assertThat(cache.attachment(TestingNode.key("another"))).isPresent();
    }

    private boolean isOf(SubnetId subnet, PortId port) {
        return ledger.port(port).subnet().equals(subnet);
    }

    @Test
    void thatTheLedgerHasNoWholeBatchIsNoTroubleWhilePodsHaveEnough() {
        ledger.close();
        ledger = new TestingControlPlane(TestingNode.CLUSTER, TestingNode.NODE, 13);
        ControlPlane control = start();
        soon().until(cache::counts, free(13));
        soon().until(() -> calls("claims") >= 2);
        soon().until(() -> control.trouble().isEmpty());
        for (int i = 0; i < 6; i++) {
            take("pod-" + i);
        }
        soon().until(() -> control.trouble().isPresent());
    }

    @Test
    void whatTheCacheHoldsIsToldOnceAndHeldAgainstTheLedgerWhenAnAuditAsks() {
        start();
        soon().until(cache::counts, free(16));
        take("a");
        soon().until(() -> ledger.told()
                .map(said -> Objects.requireNonNull(said.ports()).stream()
                        .map(port -> port.state() + " " + port.sandbox())
                        .sorted()
                        .toList())
                .filter(all -> all.size() == 16
                        && all.getFirst().equals("bound a")
                        && all.subList(1, 16).stream().allMatch("free null"::equals))
                .isPresent());
        String digest = ledger.told().orElseThrow().digest();
        long told = calls("cache");
        soon().until(() -> calls("cache") > told + 2);
        assertThat(ledger.told().orElseThrow().digest()).isEqualTo(digest);
        ledger.askForAComparison();
        long compared = calls("ports");
        soon().until(() -> calls("ports") > compared);
    }
}
