package io.portolan.kit.loop;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.portolan.kit.log.About;
import io.portolan.ledger.LedgerLocks;
import io.portolan.ledger.LedgerLocks.Held;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Runs a {@link Reconciler}; the package says how. It starts and stops with the application's context. */
public final class ReconcileLoop<K> implements SmartLifecycle, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ReconcileLoop.class);
    private static final String LOOP = "loop";
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final String name;
    private final Reconciler<K> reconciler;
    private final LedgerLocks locks;
    private final LoopSettings settings;
    private final KeyQueue<K> queue;
    private final Map<K, String> waiting = new ConcurrentHashMap<>();
    private final Semaphore resyncs = new Semaphore(0);
    private final List<Thread> threads = new ArrayList<>();
    private final Timer duration;
    private final Counter failures;
    private final Counter elsewhere;
    private volatile boolean running;
    private volatile long listingTried = System.nanoTime();
    private volatile long listed = System.nanoTime();
    private volatile long progressed = System.nanoTime();

    /** @param name of the loop; with a key's text it names the lock, so all replicas use the same */
    public ReconcileLoop(
            String name, Reconciler<K> reconciler, LedgerLocks locks, MeterRegistry meters, LoopSettings settings) {
        this.name = name;
        this.reconciler = reconciler;
        this.locks = locks;
        this.settings = settings;
        this.queue = new KeyQueue<>(settings);
        this.duration = Timer.builder("portolan.loop.duration")
                .description("One look at one key")
                .tag("loop", name)
                .publishPercentileHistogram()
                .register(meters);
        this.failures = Counter.builder("portolan.loop.failures")
                .description("Looks that ended in an exception, and listings of keys that did")
                .tag("loop", name)
                .register(meters);
        this.elsewhere = Counter.builder("portolan.loop.elsewhere")
                .description("Keys left to the replica that was working at them")
                .tag("loop", name)
                .register(meters);
        gauge(meters, "queue", "Keys that are due", loop -> loop.queue.depth());
        gauge(meters, "inflight", "Keys being worked at", loop -> loop.queue.flying());
        gauge(meters, "waiting", "Keys that wait for somebody else", loop -> loop.waiting.size());
        gauge(
                meters,
                "oldest.inflight.seconds",
                "How long the oldest key in flight has been",
                loop -> loop.queue
                        .oldest()
                        .map(flight -> seconds(flight.since()))
                        .orElse(0.0));
        gauge(
                meters,
                "progress.age.seconds",
                "Since a look at a key or a listing of keys last came to an end",
                loop -> seconds(Duration.ofNanos(System.nanoTime() - loop.progressed)));
        gauge(
                meters,
                "resync.age.seconds",
                "Since all keys were listed last",
                loop -> seconds(Duration.ofNanos(System.nanoTime() - loop.listed)));
    }

    private void gauge(MeterRegistry meters, String what, String words, ToDoubleFunction<ReconcileLoop<K>> f) {
        Gauge.builder("portolan.loop." + what, this, f)
                .description(words)
                .tag("loop", name)
                .register(meters);
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }

    public String name() {
        return name;
    }

    /** Look at this key soon. */
    public void wake(K key) {
        queue.wake(key);
    }

    /** Look at all keys soon. */
    public void wakeAll() {
        resyncs.release();
    }

    /** Keys whose last look ended in waiting, and what for. */
    public Map<K, String> waiting() {
        return Map.copyOf(waiting);
    }

    /** What is stuck, in words; empty where nothing is. */
    public Optional<String> stuck() {
        if (!running) {
            return Optional.empty();
        }
        Optional<String> flight = queue.oldest()
                .filter(f -> f.since().compareTo(settings.deadline()) > 0)
                .map(f -> "loop %s: %s is in flight for %d s"
                        .formatted(name, f.key(), f.since().toSeconds()));
        Duration silent = Duration.ofNanos(System.nanoTime() - listingTried);
        return flight.or(() -> silent.compareTo(settings.resync().multipliedBy(settings.missedResyncs() + 1L)) > 0
                ? Optional.of("loop %s: no listing of its keys ended for %d s".formatted(name, silent.toSeconds()))
                : Optional.empty());
    }

    @Override
    public synchronized void start() {
        if (running || !threads.isEmpty()) {
            return;
        }
        running = true;
        listingTried = System.nanoTime();
        for (int i = 0; i < settings.workers(); i++) {
            threads.add(Thread.ofVirtual().name("loop-" + name + "-" + i).start(this::work));
        }
        threads.add(Thread.ofVirtual().name("loop-" + name + "-resync").start(this::resync));
    }

    private void resync() {
        boolean woken = true;
        while (running) {
            try {
                Set<K> keys = reconciler.keys();
                queue.wake(keys, woken);
                waiting.keySet().retainAll(keys);
                listed = System.nanoTime();
            } catch (RuntimeException | Error e) {
                failures.increment();
                log.warn(
                        "Loop {} cannot list its keys, next try in {} s",
                        name,
                        settings.resync().toSeconds(),
                        e);
            }
            listingTried = System.nanoTime();
            progressed = listingTried;
            try {
                woken = resyncs.tryAcquire(settings.resync().toNanos(), TimeUnit.NANOSECONDS);
                resyncs.drainPermits();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void work() {
        while (running) {
            Optional<K> key;
            try {
                key = queue.take();
            } catch (InterruptedException e) {
                return;
            }
            key.ifPresent(this::look);
        }
    }

    private void look(K key) {
        try (About _ = new About(fields(key))) {
            lookAt(key);
        }
    }

    /** Whom the look's log lines are about, under the name of its kind where that has one. */
    private Map<String, String> fields(K key) {
        String text = key.toString();
        return switch (key) {
            case ClusterId cluster -> Map.of(LOOP, name, "cluster", text);
            case ClusterName cluster -> Map.of(LOOP, name, "cluster", text);
            case NodeId node -> Map.of(LOOP, name, "node", text);
            case PortId port -> Map.of(LOOP, name, "port", text);
            default -> Map.of(LOOP, name, "key", text);
        };
    }

    private void lookAt(K key) {
        Outcome outcome;
        try {
            Optional<Held> held = locks.tryLock(name + ":" + key);
            if (held.isPresent()) {
                outcome = timed(key, held.get());
            } else {
                elsewhere.increment();
                outcome = Outcome.DONE;
            }
        } catch (RuntimeException | Error | SQLException e) {
            failures.increment();
            Duration wait = queue.failed(key);
            progressed = System.nanoTime();
            log.warn("Loop {} failed at {}, next try in {} ms", name, key, wait.toMillis(), e);
            return;
        }
        progressed = System.nanoTime();
        queue.landed(key, outcome instanceof Outcome.Again again ? again.after() : null);
    }

    private Outcome timed(K key, Held held) {
        long start = System.nanoTime();
        try (held) {
            Outcome outcome = reconciler.reconcile(key);
            if (outcome instanceof Outcome.Waiting wait) {
                waiting.put(key, wait.reason());
            } else {
                waiting.remove(key);
            }
            return outcome;
        } finally {
            duration.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Takes no more keys, lets those in flight land for a while, then interrupts them. */
    @Override
    public synchronized void stop() {
        if (!running) {
            return;
        }
        running = false;
        queue.close();
        threads.getLast().interrupt();
        long until = System.nanoTime() + GRACE.toNanos();
        try {
            for (Thread thread : threads) {
                thread.join(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.forEach(Thread::interrupt);
    }

    @Override
    public void close() {
        stop();
    }
}
