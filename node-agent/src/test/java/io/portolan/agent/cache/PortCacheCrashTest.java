package io.portolan.agent.cache;

import static io.portolan.agent.cache.TestingNode.key;
import static io.portolan.agent.cache.TestingNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.agent.cache.CachedPort.State;
import io.portolan.model.PortId;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random lives of a node: pods come and go, ports are leased and go back, reports are delivered, the agent and the database's
 * server are killed at any moment, in the middle of a change too. After each step cache and model are compared as a whole.
 * {@code -Dportolan.seed=N} replays one life.
 */
class PortCacheCrashTest {
    private static final int STEPS = 120;
    private static final Duration COOLDOWN = Duration.ofSeconds(30);

    static Stream<Long> seeds() {
        Long replayed = Long.getLong("portolan.seed");
        return replayed != null
                ? Stream.of(replayed)
                : LongStream.rangeClosed(1, 6).boxed();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whateverIsKilledNothingIsGivenTwiceLostOrReportedWrongly(long seed) throws InterruptedException {
        try (Life life = new Life(seed)) {
            for (int i = 0; i < STEPS; i++) {
                life.step();
                life.check();
            }
        }
    }

    @Test
    void aKillInTheMiddleOfAChangeLeavesAllOfItOrNothing() throws InterruptedException {
        try (Life life = new Life(99)) {
            for (int i = 0; i < 25; i++) {
                life.changeWhileTheServerIsKilled();
                life.check();
            }
        }
    }

    private static final class Life implements AutoCloseable {
        private final TestingNode node = new TestingNode();
        private final TestingClock clock = new TestingClock();
        private final Random random;
        private final Map<PortId, State> ports = new HashMap<>();
        private final Map<AttachmentKey, PortId> attachments = new HashMap<>();
        private final Map<PortId, NodeClock.Uptime> released = new HashMap<>();
        private final List<String> history = new ArrayList<>();
        private final List<String> delivered = new ArrayList<>();
        private final List<String> steps = new ArrayList<>();
        private PortCache cache;
        private int sandboxes;
        private int leased;

        Life(long seed) {
            random = new Random(seed);
            cache = node.open(clock);
            cache.leases().registered(node.view((int) COOLDOWN.toSeconds()));
            lease();
        }

        void step() throws InterruptedException {
            int dice = random.nextInt(100);
            if (dice < 35) {
                take();
            } else if (dice < 60) {
                release();
            } else if (dice < 75) {
                rest();
            } else if (dice < 82) {
                deliver();
            } else if (dice < 86) {
                lease();
            } else if (dice < 90) {
                giveBack();
            } else if (dice < 94) {
                restartAgent();
            } else if (dice < 97) {
                restartServer();
            } else {
                changeWhileTheServerIsKilled();
            }
        }

        private void lease() {
            steps.add("lease");
            List<PortView> views = node.ports(leased, 1 + random.nextInt(4));
            leased += views.size();
            TestingNode.lease(cache, views);
            views.forEach(view -> ports.put(view.id(), State.FREE));
        }

        private void take() {
            boolean again = !attachments.isEmpty() && random.nextInt(5) == 0;
            String sandbox = again ? anyone().sandbox() : "s" + sandboxes++;
            steps.add("take " + sandbox);
            Optional<Taken> taken = cache.take(request(sandbox), PortPreference.NONE);
            if (attachments.containsKey(key(sandbox))) {
                assertThat(taken.orElseThrow().port().id()).isEqualTo(attachments.get(key(sandbox)));
            } else {
                assertThat(taken.isPresent()).isEqualTo(ports.containsValue(State.FREE));
                taken.ifPresent(one -> taken(sandbox, one.port().id()));
            }
        }

        private void taken(String sandbox, PortId port) {
            assertThat(ports.put(port, State.BOUND))
                    .as("state of %s before", port)
                    .isEqualTo(State.FREE);
            attachments.put(key(sandbox), port);
            history.add("BOUND " + sandbox);
        }

        private void release() {
            String sandbox = attachments.isEmpty() || random.nextInt(6) == 0 ? "nobody" : anyone().sandbox();
            steps.add("release " + sandbox);
            Optional<PortId> port = cache.release(key(sandbox));
            assertThat(port).isEqualTo(Optional.ofNullable(attachments.get(key(sandbox))));
            port.ifPresent(id -> released(sandbox));
        }

        private void released(String sandbox) {
            PortId port = attachments.remove(key(sandbox));
            ports.put(port, State.COOLING);
            released.put(port, clock.uptime());
            history.add("RELEASED " + sandbox);
        }

        private AttachmentKey anyone() {
            List<AttachmentKey> all = attachments.keySet().stream()
                    .sorted((one, other) -> one.toString().compareTo(other.toString()))
                    .toList();
            return all.get(random.nextInt(all.size()));
        }

        private void rest() {
            clock.pass(Duration.ofSeconds(random.nextInt(25)));
            clock.jump(Duration.ofSeconds(random.nextInt(-7200, 7200)));
            steps.add("rest");
            List<PortId> rested = cache.rest();
            rested.forEach(this::rested);
            ports.forEach((port, state) -> assertThat(state == State.COOLING && cooled(port))
                    .as("%s has cooled", port)
                    .isFalse());
        }

        private boolean cooled(PortId port) {
            return clock.uptime().since(released.get(port)).compareTo(COOLDOWN) >= 0;
        }

        private void rested(PortId port) {
            assertThat(cooled(port)).as("%s has cooled", port).isTrue();
            assertThat(ports.put(port, State.FREE)).isEqualTo(State.COOLING);
            String by = cache.port(port).orElseThrow().released().by().sandbox();
            history.add("RESTED " + by);
        }

        private void deliver() {
            List<PortReport> some = cache.outbox().pending(random.nextInt(1, 12));
            steps.add("deliver " + some.size());
            cache.outbox().delivered(some.stream().map(PortReport::id).toList());
            some.forEach(report -> delivered.add(text(report)));
        }

        private void giveBack() {
            List<PortId> chosen = ports.keySet().stream()
                    .sorted()
                    .filter(port -> random.nextInt(4) == 0)
                    .toList();
            steps.add("give back " + chosen.size());
            List<PortId> marked = cache.leases().giveBack(chosen);
            marked.forEach(port -> assertThat(ports.put(port, State.RETURNING)).isEqualTo(State.FREE));
            if (random.nextBoolean()) {
                restartAgent();
            }
            List<PortId> all = cache.leases().returning();
            assertThat(all).containsAll(marked);
            int kept = all.isEmpty() ? 0 : random.nextInt(all.size());
            cache.leases().returned(all.subList(kept, all.size()), all.subList(0, kept));
            all.subList(0, kept).forEach(port -> ports.put(port, State.FREE));
            all.subList(kept, all.size()).forEach(ports::remove);
        }

        private void restartAgent() {
            steps.add("agent restarts");
            cache.close();
            cache = node.open(clock);
        }

        private void restartServer() {
            steps.add("server is killed");
            node.server().kill9();
            node.server().start();
        }

        /** A pod comes or goes while the server dies and the agent with it: what it did not hear of may be so or not. */
        void changeWhileTheServerIsKilled() throws InterruptedException {
            boolean takes = attachments.isEmpty() || (ports.containsValue(State.FREE) && random.nextBoolean());
            String sandbox = takes ? "s" + sandboxes++ : anyone().sandbox();
            steps.add((takes ? "take " : "release ") + sandbox + " while the server is killed");
            PortCache dying = cache;
            Thread change = Thread.startVirtualThread(() -> {
                try {
                    if (takes) {
                        dying.take(request(sandbox), PortPreference.NONE);
                    } else {
                        dying.release(key(sandbox));
                    }
                } catch (CacheUnavailable e) {
                    // That is what is to be found out.
                }
            });
            Thread.sleep(Duration.ofNanos(random.nextLong(4_000_000)));
            if (random.nextBoolean()) {
                node.server().kill9();
                dying.close();
                change.join();
                node.server().start();
            } else {
                dying.close();
                change.join();
            }
            cache = node.open(clock);
            Optional<PortId> now = cache.attachment(key(sandbox)).map(Attachment::port);
            if (takes && now.isPresent()) {
                taken(sandbox, now.get());
            } else if (!takes && now.isEmpty()) {
                released(sandbox);
            }
        }

        void check() {
            assertThat(cache.ports().stream().collect(Collectors.toMap(CachedPort::id, CachedPort::state)))
                    .as(() -> "ports after " + steps)
                    .isEqualTo(ports);
            assertThat(cache.attachments().stream().collect(Collectors.toMap(Attachment::key, Attachment::port)))
                    .as(() -> "attachments after " + steps)
                    .isEqualTo(attachments);
            assertThat(attachments.values()).doesNotHaveDuplicates();
            List<String> told = new ArrayList<>(delivered);
            cache.outbox().pending(10_000).forEach(report -> told.add(text(report)));
            assertThat(told).as(() -> "reports after " + steps).isEqualTo(history);
        }

        private static String text(PortReport report) {
            return report.kind() + " " + report.sandbox();
        }

        @Override
        public void close() {
            cache.close();
            node.close();
        }
    }
}
