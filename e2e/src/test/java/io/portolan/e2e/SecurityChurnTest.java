package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.Observed;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.e2e.stack.StackNetwork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Pods of eight sets of profiles come and go on two nodes while security-service is killed again and again. OVN's own data
 * say which port is in which group: never in one that its pod does not name, and in the end in all of them.
 * {@code -Dsecurity.churn=S} for so many seconds, {@code -Dsecurity.pods=N} for so many pods at once, {@code -Dportolan.seed=N}.
 */
class SecurityChurnTest {
    private static final AtomicInteger REPETITIONS = new AtomicInteger();
    private static final String NAMED_BY = "portolan.io/security-profiles";
    private static final List<Set<String>> SETS = List.of(
            Set.of("p0"),
            Set.of("p1"),
            Set.of("p2"),
            Set.of("p3"),
            Set.of("p0", "p1"),
            Set.of("p1", "p2"),
            Set.of("p2", "p3"),
            Set.of("p0", "p1", "p2", "p3"));
    private static final Duration LASTS = Duration.ofSeconds(Integer.getInteger("security.churn", 30));
    private static final int PODS = Integer.getInteger("security.pods", 40);
    private static final int HANDS = 4;
    /** For what a slow machine has not seen in {@link #LASTS}. */
    private static final Duration LASTS_AT_MOST = LASTS.plusMinutes(3);

    /** A pod that was started, and the groups that it should be in. */
    private record Live(Pod pod, String port, Set<String> groups) {}

    /** Of its own when repeated: what a failure left must not be met. */
    private final String cluster = "churning-" + REPETITIONS.incrementAndGet();

    private final String base = "/v1/clusters/" + cluster;
    private final SharedStack shared = SharedStack.get();
    private final Stack stack = shared.stack();
    private final Observed observed = new Observed(stack);
    private final RestCalls security = stack.securityCalls();
    private final List<Worker> workers = new ArrayList<>();
    private final Random random = new Random(Long.getLong("portolan.seed", System.nanoTime()));
    private final Map<String, String> groups = new HashMap<>();
    private final Map<String, String> ports = new ConcurrentHashMap<>();
    private final Set<Live> live = ConcurrentHashMap.newKeySet();
    private final Set<Set<String>> seen = ConcurrentHashMap.newKeySet();
    private final AtomicInteger started = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger samples = new AtomicInteger();
    private final List<String> tooOpen = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean over;

    @AfterEach
    void openAgain() {
        live.forEach(one -> stack.runtime().stop(one.pod()));
        security.delete(base + "/security?force=true");
        await().atMost(SharedStack.LIMIT)
                .until(() -> security.get(base + "/security").status() == 404);
        workers.forEach(worker -> worker.agent().stop());
    }

    @Test
    void noPortIsEverMoreOpenThanItsPodSays() throws InterruptedException, ExecutionException {
        StackNetwork ovn = stack.overlayBeside();
        addTwoNodes(ovn);
        declareProfiles();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> hands = new ArrayList<>();
            for (int hand = 0; hand < HANDS; hand++) {
                Random dice = new Random(random.nextLong());
                Worker worker = workers.get(hand % workers.size());
                int number = hand;
                hands.add(threads.submit(() -> churn(worker, number, dice)));
            }
            hands.add(threads.submit(() -> sample(ovn)));
            killAgainAndAgain();
            over = true;
            for (Future<?> hand : hands) {
                hand.get();
            }
        }
        System.out.printf(
                "%d pods started, %d ADDs refused, %d live at the end, %d samples%n",
                started.get(), refused.get(), live.size(), samples.get());
        assertThat(tooOpen).isEmpty();
        assertThat(seen).as("every set was had by a pod").hasSameSizeAs(SETS);
        assertThat(samples.get()).isGreaterThan(20);
        assertThat(live).isNotEmpty();
        await().atMost(SharedStack.LIMIT).untilAsserted(() -> {
            Map<String, Set<String>> now = Observed.groups(ovn.central());
            for (Live one : live) {
                assertThat(now.getOrDefault(one.port(), Set.of()))
                        .as(one.pod().name())
                        .isEqualTo(one.groups());
            }
        });
        assertThat(observed.ledger("select count(*)::text from profile_binding b join port p on p.id = b.port_id"
                        + " where p.state = 'bound' and b.wanted is distinct from b.applied"))
                .as("what the ledger wants of pods' ports is done")
                .containsExactly("0");
    }

    private void addTwoNodes(StackNetwork ovn) {
        Map<String, Object> spec = new HashMap<>(ovn.clusterSpec());
        spec.put("cooldownSeconds", 1);
        stack.declare(cluster, spec);
        for (String name : List.of("a", "b")) {
            Worker worker = stack.join(cluster, ovn, ovn.addHost(cluster + name));
            shared.awaitServing(worker);
            workers.add(worker);
        }
        for (String row : observed.ledger("select host(ip) || ' ' || id from port where cluster_id ="
                + " (select id from cluster where name = '" + cluster + "')")) {
            String[] parts = row.split(" ", 2);
            ports.put(parts[0], parts[1]);
        }
    }

    private void declareProfiles() {
        for (int i = 0; i < 4; i++) {
            Map<String, Object> rule =
                    Map.of("direction", "ingress", "protocol", "tcp", "ports", Map.of("first", 8080 + i));
            String id = security.put(base + "/security-profiles/p" + i, Map.of("rules", List.of(rule)))
                    .ok()
                    .path("id")
                    .asString();
            groups.put("p" + i, "portolan_" + id.replace("-", ""));
        }
        security.put(base + "/profile-pools/one", Map.of("profiles", List.of("p0"), "size", 2))
                .ok();
        security.put(base + "/security", Map.of("defaultProfiles", List.of("p0")))
                .ok();
        await().atMost(SharedStack.LIMIT)
                .untilAsserted(() -> assertThat(security.get(base + "/security")
                                .ok()
                                .path("state")
                                .asString())
                        .isEqualTo("ready"));
    }

    private void churn(Worker worker, int hand, Random dice) {
        List<Live> mine = new ArrayList<>();
        for (int i = 0; !over; i++) {
            if (mine.size() >= PODS / HANDS || (!mine.isEmpty() && dice.nextInt(3) == 0)) {
                stop(mine.remove(dice.nextInt(mine.size())));
            } else {
                start(worker, "%s-%d-%d".formatted(cluster, hand, i), SETS.get(dice.nextInt(SETS.size())), mine::add);
            }
        }
    }

    private void start(Worker worker, String name, Set<String> set, Consumer<Live> started) {
        UUID uid = stack.kubernetes().pod(name, worker.host(), Map.of(NAMED_BY, String.join(",", set)));
        Pod pod = stack.runtime().start(worker.host(), name, uid);
        if (pod.added().ok()) {
            Set<String> wanted = new TreeSet<>();
            set.forEach(profile -> wanted.add(groups.get(profile)));
            Live one = new Live(pod, ports.get(pod.address()), wanted);
            live.add(one);
            started.accept(one);
            seen.add(set);
            this.started.incrementAndGet();
        } else {
            refused.incrementAndGet();
            stack.runtime().stop(pod);
            stack.kubernetes().deletePod(name);
        }
    }

    private void stop(Live one) {
        live.remove(one);
        assertThat(stack.runtime().stop(one.pod())).returns(0, CniAnswer::exitCode);
        stack.kubernetes().deletePod(one.pod().name());
    }

    /** Pods that lived before the look and after it lived at it. */
    private void sample(StackNetwork ovn) {
        while (!over) {
            Set<Live> before = Set.copyOf(live);
            Map<String, Set<String>> now = Observed.groups(ovn.central());
            for (Live one : before) {
                if (live.contains(one) && !one.groups().containsAll(now.getOrDefault(one.port(), Set.of()))) {
                    tooOpen.add(
                            "%s is in %s, not in %s".formatted(one.pod().name(), now.get(one.port()), one.groups()));
                }
            }
            samples.incrementAndGet();
        }
    }

    private void killAgainAndAgain() throws InterruptedException {
        long start = System.nanoTime();
        while (System.nanoTime() - start < LASTS.toNanos()
                || (seen.size() < SETS.size() && System.nanoTime() - start < LASTS_AT_MOST.toNanos())) {
            // Long enough to come up and be used, and never in step with anything.
            Thread.sleep(Duration.ofMillis(2_000 + random.nextInt(5_000)));
            stack.security().kill9();
            try {
                Thread.sleep(Duration.ofMillis(random.nextInt(1_000))); // it is away for a while
            } finally {
                stack.security().start();
            }
        }
    }
}
