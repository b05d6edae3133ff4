package io.portolan.bench.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;

/** What happened when, since the beginning. */
final class Timeline {
    /** What is timed. */
    enum Kind {
        /** A claim's answer, at the node. */
        CLAIM,
        /** A pod that found a port, at once or after a wait. */
        START,
        /** A node's first registration until all its ports were free. */
        JOIN
    }

    /**
     * @param at seconds since the beginning
     * @param took in milliseconds; 0 for a pod that found a port at once
     */
    record Event(Kind kind, double at, double took) {}

    /**
     * A look at the whole.
     *
     * @param at seconds since the beginning
     * @param running pods
     * @param waiting pods without a port
     * @param idle ports in nodes' caches that no pod has
     * @param held ports in nodes' caches
     * @param ready nodes that have their ports
     */
    record Look(double at, int running, int waiting, int idle, int held, int ready) {
        double waste() {
            return held == 0 ? 0 : (double) idle / held;
        }
    }

    private final long begin = System.nanoTime();
    private final ConcurrentLinkedQueue<Event> events = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Look> looks = new ConcurrentLinkedQueue<>();

    double now() {
        return (System.nanoTime() - begin) / 1e9;
    }

    void happened(Kind kind, double tookMillis) {
        events.add(new Event(kind, now(), tookMillis));
    }

    void look(int running, int waiting, int idle, int held, int ready) {
        looks.add(new Look(now(), running, waiting, idle, held, ready));
    }

    List<Look> looks() {
        return new ArrayList<>(looks);
    }

    /** What they took, in milliseconds, the shortest first. */
    double[] took(Kind kind, Predicate<Event> which) {
        return events.stream()
                .filter(event -> event.kind() == kind && which.test(event))
                .mapToDouble(Event::took)
                .sorted()
                .toArray();
    }

    /** The smallest that at least this part of all does not exceed; 0 of none. */
    static double percentile(double[] sorted, double part) {
        return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
    }

    /** How many pods found no port at once. */
    static int misses(double[] waits) {
        return (int) Arrays.stream(waits).filter(wait -> wait > 0).count();
    }
}
