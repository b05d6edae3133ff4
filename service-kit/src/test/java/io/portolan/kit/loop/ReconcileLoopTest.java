package io.portolan.kit.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.ledger.LedgerLocks;
import io.portolan.model.NodeId;
import io.portolan.testbed.JsonLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.core.env.StandardEnvironment;
import tools.jackson.databind.JsonNode;

class ReconcileLoopTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final LoopSettings SIGNALS_ONLY =
            new LoopSettings(3, LONG, LONG, Duration.ofMillis(20), Duration.ofSeconds(60), 5);
    private static LedgerDatabase ledger;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<ReconcileLoop<?>> loops = new ArrayList<>();

    @BeforeAll
    static void aLedger() {
        ledger = LedgerDatabase.create();
    }

    @AfterEach
    void stop() {
        loops.forEach(ReconcileLoop::close);
    }

    private static <K> Reconciler<K> over(Set<K> keys, Function<K, Outcome> look) {
        return new Reconciler<>() {
            @Override
            public Set<K> keys() {
                return keys;
            }

            @Override
            public Outcome reconcile(K key) {
                return look.apply(key);
            }
        };
    }

    private <K> ReconcileLoop<K> loop(Reconciler<K> reconciler, LoopSettings settings) {
        LedgerLocks locks = new LedgerLocks(LedgerDatabase.dataSource(ledger.as("topology")));
        ReconcileLoop<K> loop = new ReconcileLoop<>("test", reconciler, locks, meters, settings);
        loops.add(loop);
        loop.start();
        return loop;
    }

    @Test
    void aLooksLogLinesSayWhatItLooksAt() {
        NodeId node = NodeId.random();
        Logger log = LoggerFactory.getLogger("looked");
        try (JsonLog lines = JsonLog.of("looked", new StandardEnvironment())) {
            ReconcileLoop<NodeId> loop = loop(
                    over(Set.of(node), key -> {
                        log.info("looked at {}", key);
                        throw new IllegalStateException("the network is away");
                    }),
                    SIGNALS_ONLY);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !lines.lines("looked at").isEmpty());
            loop.close();
            JsonNode line = lines.lines("looked at").getFirst();
            assertThat(line.path("loop").asString()).isEqualTo("test");
            assertThat(line.path("node").asString()).isEqualTo(node.toString());
            assertThat(line.has("key")).isFalse();
        }
    }

    @Test
    void threeReplicasNeverWorkAKeyAtTwoPlacesAtOnce() {
        Set<Integer> keys = IntStream.range(0, 20).boxed().collect(Collectors.toSet());
        Map<Integer, AtomicInteger> inside = new ConcurrentHashMap<>();
        Map<Integer, AtomicInteger> looks = new ConcurrentHashMap<>();
        AtomicInteger collisions = new AtomicInteger();
        Function<Integer, Outcome> look = key -> {
            AtomicInteger here = inside.computeIfAbsent(key, k -> new AtomicInteger());
            if (here.incrementAndGet() > 1) {
                collisions.incrementAndGet();
            }
            LockSupport.parkNanos(200_000);
            here.decrementAndGet();
            looks.computeIfAbsent(key, k -> new AtomicInteger()).incrementAndGet();
            return Outcome.again(Duration.ofMillis(1));
        };
        List<ReconcileLoop<Integer>> replicas = IntStream.range(0, 3)
                .mapToObj(i -> loop(over(keys, look), SIGNALS_ONLY.resync(Duration.ofMillis(20))))
                .toList();
        await().atMost(Duration.ofMinutes(1))
                .until(() -> looks.size() == 20
                        && looks.values().stream().allMatch(n -> n.get() > 10)
                        && meters.get("portolan.loop.elsewhere").counter().count() > 0);
        replicas.forEach(ReconcileLoop::stop);
        assertThat(collisions).hasValue(0);
    }

    @Test
    void aSignalDuringALookIsAnsweredByAnotherLook() throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger looks = new AtomicInteger();
        ReconcileLoop<String> loop = loop(
                over(Set.of("a"), key -> {
                    looks.incrementAndGet();
                    inside.countDown();
                    arrive(go);
                    return Outcome.DONE;
                }),
                SIGNALS_ONLY);
        inside.await();
        loop.wake("a");
        loop.wake("a");
        assertThat(looks).hasValue(1);
        go.countDown();
        await().until(() -> looks.get() == 2);
        await().during(Duration.ofMillis(100)).until(() -> looks.get() == 2);
    }

    private static void arrive(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void lesson10AStuckKeyMakesLivenessFailAndIsNamedAndTheOthersGoOn() {
        CountDownLatch never = new CountDownLatch(1);
        AtomicInteger others = new AtomicInteger();
        ReconcileLoop<String> loop = loop(
                over(Set.of("stuck", "b", "c"), key -> {
                    if (key.equals("stuck")) {
                        arrive(never);
                    } else {
                        others.incrementAndGet();
                    }
                    return Outcome.again(Duration.ofMillis(5));
                }),
                SIGNALS_ONLY.deadline(Duration.ofMillis(150)));
        assertThat(loop.stuck()).isEmpty();
        await().untilAsserted(() -> assertThat(loop.stuck())
                .hasValueSatisfying(words -> assertThat(words).startsWith("loop test: stuck is in flight for")));
        Health health = new LoopHealth(providing(loop)).health();
        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        assertThat(health.getDetails().get("stuck").toString()).contains("loop test: stuck is in flight for");
        assertThat(meters.get("portolan.loop.oldest.inflight.seconds").gauge().value())
                .isGreaterThan(0.15);
        int before = others.get();
        await().until(() -> others.get() > before + 5);
        never.countDown();
        await().until(() -> loop.stuck().isEmpty());
        assertThat(meters.get("portolan.loop.progress.age.seconds").gauge().value())
                .isLessThan(60);
    }

    private static ObjectProvider<ReconcileLoop<?>> providing(ReconcileLoop<?> loop) {
        return new ObjectProvider<>() {
            @Override
            public Stream<ReconcileLoop<?>> stream() {
                return Stream.of(loop);
            }
        };
    }

    @Test
    void aListingThatHangsIsNamedAndOneThatFailsIsNot() {
        CountDownLatch never = new CountDownLatch(1);
        AtomicBoolean hangs = new AtomicBoolean();
        AtomicInteger listings = new AtomicInteger();
        ReconcileLoop<String> loop = loop(
                new Reconciler<>() {
                    @Override
                    public Set<String> keys() {
                        listings.incrementAndGet();
                        if (hangs.get()) {
                            arrive(never);
                        }
                        throw new IllegalStateException("the ledger is away");
                    }

                    @Override
                    public Outcome reconcile(String key) {
                        return Outcome.DONE;
                    }
                },
                new LoopSettings(1, Duration.ofMillis(50), LONG, Duration.ofMillis(1), Duration.ofMillis(1), 3));
        await().until(() -> listings.get() > 8);
        assertThat(loop.stuck()).isEmpty();
        hangs.set(true);
        await().untilAsserted(() -> assertThat(loop.stuck())
                .hasValueSatisfying(
                        words -> assertThat(words).contains("loop test: no listing of its keys ended for")));
        never.countDown();
    }

    @Test
    void aFailingKeyWaitsLongerEachTimeAndDelaysNoOther() {
        List<Long> attempts = new ArrayList<>();
        AtomicInteger others = new AtomicInteger();
        loop(
                over(Set.of("bad", "good"), key -> {
                    if (key.equals("bad")) {
                        attempts.add(System.nanoTime());
                        throw new IllegalStateException("no");
                    }
                    others.incrementAndGet();
                    return Outcome.again(Duration.ofMillis(1));
                }),
                new LoopSettings(1, LONG, LONG, Duration.ofMillis(20), Duration.ofSeconds(60), 5));
        await().until(() -> attempts.size() >= 6);
        for (int i = 1; i < 6; i++) {
            long least = Duration.ofMillis(10L << (i - 1)).toNanos();
            assertThat(attempts.get(i) - attempts.get(i - 1)).as("pause " + i).isGreaterThanOrEqualTo(least);
        }
        assertThat(others.get()).isGreaterThan(attempts.size());
        assertThat(meters.get("portolan.loop.failures").counter().count()).isGreaterThanOrEqualTo(6);
    }

    @Test
    void aSignalShortensTheWaitOfAFailedKeyAndTheTimerDoesNot() {
        AtomicInteger looks = new AtomicInteger();
        LoopSettings settings =
                new LoopSettings(1, Duration.ofMillis(10), LONG, Duration.ofSeconds(60), Duration.ofSeconds(60), 5);
        Reconciler<String> failing = over(Set.of("a"), key -> {
            looks.incrementAndGet();
            throw new IllegalStateException("no");
        });
        loop(failing, settings);
        await().during(Duration.ofMillis(200)).until(() -> looks.get() <= 1);
        KeyQueue<String> queue = new KeyQueue<>(SIGNALS_ONLY);
        queue.wake("a");
        assertThat(take(queue)).isEqualTo("a");
        for (int i = 0; i < 10; i++) {
            queue.failed("a");
            queue.wake("a");
            assertThat(take(queue)).isEqualTo("a");
        }
    }

    private static String take(KeyQueue<String> queue) {
        try {
            return queue.take().orElseThrow();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatAKeyWaitsForIsKnown() {
        AtomicBoolean done = new AtomicBoolean();
        ReconcileLoop<String> loop = loop(
                over(Set.of("a", "b"), key -> key.equals("b") || done.get() ? Outcome.DONE : Outcome.waiting("a pod")),
                SIGNALS_ONLY);
        await().until(() -> loop.waiting().equals(Map.of("a", "a pod")));
        done.set(true);
        loop.wakeAll();
        await().until(() -> loop.waiting().isEmpty());
    }

    @Test
    void stoppingLandsWhatIsInFlightAndTakesNoMore() throws InterruptedException {
        AtomicInteger landed = new AtomicInteger();
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ReconcileLoop<String> loop = loop(
                over(Set.of("a"), key -> {
                    inside.countDown();
                    arrive(go);
                    landed.incrementAndGet();
                    return Outcome.again(Duration.ZERO);
                }),
                SIGNALS_ONLY);
        inside.await();
        Thread stopping = Thread.ofVirtual().start(loop::stop);
        await().until(() -> !loop.isRunning());
        go.countDown();
        stopping.join();
        assertThat(landed).hasValue(1);
        assertThat(loop.stuck()).isEmpty();
    }
}
