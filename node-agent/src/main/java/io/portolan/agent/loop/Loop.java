package io.portolan.agent.loop;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.portolan.agent.trace.Trace;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Does one thing over and over on a thread of its own. How long ago it last came to an end is a metric; one round that takes
 * longer than the deadline, or whose thread died in it, is stuck, and liveness says so.
 */
public final class Loop implements AutoCloseable {
    /** Looks at what is so, and does what that asks for. */
    public interface Step {
        /** Returns after what time to look again, unless woken before. */
        Duration run();
    }

    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    /** Nobody can wake it more often than this. */
    private static final Duration BREATH = Duration.ofMillis(20);

    /** Longer than any round's calls with all their timeouts. */
    private static final Duration DEADLINE = Duration.ofMinutes(10);

    private final String name;
    private final Step step;
    private final Duration deadline;
    private final Backoff afterError = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition signal = lock.newCondition();
    private final Thread thread;
    private boolean woken;
    private volatile boolean closed;
    private volatile long lastEnd = System.nanoTime();
    private volatile Optional<Long> begun = Optional.empty();

    public Loop(String name, Step step, MeterRegistry meters) {
        this(name, step, DEADLINE, meters);
    }

    /** @param deadline of one round; longer is stuck */
    public Loop(String name, Step step, Duration deadline, MeterRegistry meters) {
        this.name = name;
        this.step = step;
        this.deadline = deadline;
        TimeGauge.builder("portolan.loop.idle", this, TimeUnit.NANOSECONDS, loop -> System.nanoTime() - loop.lastEnd)
                .description("Since a loop last finished a round")
                .tag("loop", name)
                .register(meters);
        thread = Thread.ofVirtual().name("loop " + name).unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    public void wake() {
        lock.lock();
        try {
            woken = true;
            signal.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** That a round does not end, in words; empty where that is not so. */
    public Optional<String> stuck() {
        return begun.map(since -> Duration.ofNanos(System.nanoTime() - since))
                .filter(length -> !closed && length.compareTo(deadline) > 0)
                .map(length -> "loop %s: a round is under way for %d s".formatted(name, length.toSeconds()));
    }

    private void run() {
        try {
            while (!closed) {
                begun = Optional.of(System.nanoTime());
                Duration pause = round();
                lastEnd = System.nanoTime();
                begun = Optional.empty();
                await(pause);
            }
        } catch (InterruptedException e) {
            LOG.debug("loop {} ends", name);
        }
    }

    private Duration round() {
        Trace.begin();
        MDC.put("loop", name);
        try {
            Duration pause = step.run();
            afterError.worked();
            return pause;
        } catch (RuntimeException e) {
            if (!closed) {
                LOG.warn("loop {} will try again: {}", name, e.toString());
                LOG.debug("loop {} failed", name, e);
            }
            return afterError.failed();
        } finally {
            MDC.clear();
        }
    }

    private void await(Duration pause) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(BREATH.toNanos());
        lock.lock();
        try {
            long left = pause.minus(BREATH).toNanos();
            while (!woken && left > 0) {
                left = signal.awaitNanos(left);
            }
            woken = false;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
