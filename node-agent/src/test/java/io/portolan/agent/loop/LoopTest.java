package io.portolan.agent.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LoopTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private static void arrive(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void lesson10ARoundThatDoesNotEndIsNamedUntilItDoes() {
        CountDownLatch never = new CountDownLatch(1);
        AtomicBoolean hangs = new AtomicBoolean();
        AtomicInteger rounds = new AtomicInteger();
        Loop.Step step = () -> {
            rounds.incrementAndGet();
            if (hangs.get()) {
                arrive(never);
            }
            return Duration.ofMillis(30);
        };
        try (Loop loop = new Loop("test", step, Duration.ofSeconds(2), meters)) {
            assertThat(loop.stuck()).isEmpty();
            loop.start();
            await().atMost(PATIENCE).until(() -> rounds.get() > 3);
            hangs.set(true);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(loop.stuck())
                            .hasValueSatisfying(
                                    words -> assertThat(words).startsWith("loop test: a round is under way for")));
            assertThat(meters.get("portolan.loop.idle").timeGauge().value(java.util.concurrent.TimeUnit.SECONDS))
                    .isGreaterThan(1);
            hangs.set(false);
            never.countDown();
            await().atMost(PATIENCE).until(() -> loop.stuck().isEmpty());
        }
    }

    @Test
    void aRoundThatFailsIsNotStuck() {
        AtomicInteger rounds = new AtomicInteger();
        Loop.Step step = () -> {
            rounds.incrementAndGet();
            throw new IllegalStateException("the ledger is away");
        };
        try (Loop loop = new Loop("test", step, Duration.ofMillis(1), meters)) {
            loop.start();
            await().atMost(PATIENCE).until(() -> rounds.get() > 2);
            await().atMost(PATIENCE).until(() -> loop.stuck().isEmpty());
        }
    }
}
