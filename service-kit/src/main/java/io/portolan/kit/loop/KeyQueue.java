package io.portolan.kit.loop;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keys that are due, each once, in the order in which they became due. A key is waiting here, in flight, or unknown; one in
 * flight that is woken becomes due again when it lands.
 */
final class KeyQueue<K> {
    /** A key in flight and since when. */
    record Flight<K>(K key, Duration since) {}

    private static final class Entry<K> implements Comparable<Entry<K>> {
        private final K key;
        private long due;
        private long order;
        private boolean queued;
        private boolean flying;
        private long tookOff;
        private boolean again;
        private int failures;
        private long failedAt;

        private Entry(K key) {
            this.key = key;
        }

        @Override
        public int compareTo(Entry<K> other) {
            return due == other.due ? Long.compare(order, other.order) : Long.compare(due - other.due, 0);
        }
    }

    private final long backoff;
    private final long longestBackoff;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<K, Entry<K>> entries = new HashMap<>();
    private final PriorityQueue<Entry<K>> waiting = new PriorityQueue<>();
    private long orders;
    private boolean closed;

    KeyQueue(LoopSettings settings) {
        this.backoff = settings.backoff().toNanos();
        this.longestBackoff = settings.longestBackoff().toNanos();
    }

    /** Due at once; a key that has just failed, a first backoff after that, lest its own signals make it spin. */
    void wake(K key) {
        lock.lock();
        try {
            wakeLocked(entries.computeIfAbsent(key, Entry::new));
        } finally {
            lock.unlock();
        }
    }

    /** Wakes them; without {@code failing}, those that are waiting out a failure are left to that. */
    void wake(Collection<K> keys, boolean failing) {
        lock.lock();
        try {
            for (K key : keys) {
                Entry<K> entry = entries.computeIfAbsent(key, Entry::new);
                if (failing || entry.failures == 0) {
                    wakeLocked(entry);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void wakeLocked(Entry<K> entry) {
        if (entry.flying) {
            entry.again = true;
            return;
        }
        long now = System.nanoTime();
        long earliest = entry.failures == 0 ? now : Math.max(now, entry.failedAt + backoff);
        if (!entry.queued || entry.due - earliest > 0) {
            enqueue(entry, earliest);
        }
    }

    private void enqueue(Entry<K> entry, long due) {
        if (entry.queued) {
            waiting.remove(entry);
        }
        entry.due = due;
        entry.order = orders++;
        entry.queued = true;
        waiting.add(entry);
        changed.signal();
    }

    /** Blocks until a key is due; empty when closed. */
    Optional<K> take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed) {
                Entry<K> first = waiting.peek();
                long wait = first == null ? 0 : first.due - System.nanoTime();
                if (first != null && wait <= 0) {
                    waiting.poll();
                    first.queued = false;
                    first.flying = true;
                    first.tookOff = System.nanoTime();
                    if (!waiting.isEmpty()) {
                        changed.signal();
                    }
                    return Optional.of(first.key);
                }
                if (first == null) {
                    changed.await();
                } else {
                    await(wait);
                }
            }
            return Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // its one caller is the loop: it looks at the queue again whatever woke it
    private void await(long nanos) throws InterruptedException {
        changed.await(nanos, TimeUnit.NANOSECONDS);
    }

    /** @param again when to look again; absent where only a signal or the timer brings it back */
    void landed(K key, @Nullable Duration again) {
        lock.lock();
        try {
            Entry<K> entry = land(key);
            entry.failures = 0;
            if (entry.again) {
                entry.again = false;
                enqueue(entry, System.nanoTime());
            } else if (again != null) {
                enqueue(entry, System.nanoTime() + again.toNanos());
            } else {
                entries.remove(key);
            }
        } finally {
            lock.unlock();
        }
    }

    /** @return how long it waits now */
    Duration failed(K key) {
        lock.lock();
        try {
            Entry<K> entry = land(key);
            long whole = Math.min(longestBackoff, backoff << Math.min(entry.failures, 30));
            long wait = whole <= 0
                    ? longestBackoff
                    : whole / 2 + ThreadLocalRandom.current().nextLong(whole / 2 + 1);
            entry.failures++;
            entry.failedAt = System.nanoTime();
            enqueue(entry, entry.failedAt + (entry.again ? Math.min(wait, backoff) : wait));
            entry.again = false;
            return Duration.ofNanos(wait);
        } finally {
            lock.unlock();
        }
    }

    private Entry<K> land(K key) {
        Entry<K> entry = entries.get(key);
        if (entry == null || !entry.flying) {
            throw new IllegalStateException(key + " was not taken");
        }
        entry.flying = false;
        return entry;
    }

    /** Keys that are due and not taken. */
    int depth() {
        lock.lock();
        try {
            long now = System.nanoTime();
            return (int) waiting.stream().filter(e -> e.due - now <= 0).count();
        } finally {
            lock.unlock();
        }
    }

    int flying() {
        lock.lock();
        try {
            return (int) entries.values().stream().filter(e -> e.flying).count();
        } finally {
            lock.unlock();
        }
    }

    Optional<Flight<K>> oldest() {
        lock.lock();
        try {
            long now = System.nanoTime();
            return entries.values().stream()
                    .filter(e -> e.flying)
                    .map(e -> new Flight<>(e.key, Duration.ofNanos(now - e.tookOff)))
                    .max((a, b) -> a.since().compareTo(b.since()));
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
