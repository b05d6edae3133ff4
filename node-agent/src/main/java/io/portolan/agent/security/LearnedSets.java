package io.portolan.agent.security;

import io.portolan.model.ProfileId;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * How often which set was asked for lately. Half of it is forgotten after each half-life; what is left of it is how many ports
 * should wait. Kept in memory alone: after a restart it is learned again, beginning with what running pods have.
 */
final class LearnedSets {
    /** A set of which less is left is forgotten. */
    private static final double FAINT = 0.25;

    private static final int MOST_SETS = 64;

    private record Use(double score, long at) {}

    private final Map<Set<ProfileId>, Use> uses = new HashMap<>();
    private final double halfLife;
    private final LongSupplier nanos;

    LearnedSets(Duration halfLife, LongSupplier nanos) {
        this.halfLife = halfLife.toNanos();
        this.nanos = nanos;
    }

    synchronized void used(Set<ProfileId> set) {
        if (!set.isEmpty()) {
            long now = nanos.getAsLong();
            uses.merge(set, new Use(1, now), (old, one) -> new Use(left(old, now) + 1, now));
        }
    }

    /** The most used ones first. */
    synchronized Map<Set<ProfileId>, Integer> wanted(int mostOfEach) {
        long now = nanos.getAsLong();
        uses.values().removeIf(use -> left(use, now) < FAINT);
        Map<Set<ProfileId>, Integer> all = new LinkedHashMap<>();
        uses.entrySet().stream()
                .sorted(Comparator.comparingDouble((Map.Entry<Set<ProfileId>, Use> one) -> -left(one.getValue(), now)))
                .limit(MOST_SETS)
                .forEach(one ->
                        all.put(one.getKey(), (int) Math.min(mostOfEach, Math.ceil(left(one.getValue(), now)))));
        uses.keySet().retainAll(all.keySet());
        return all;
    }

    private double left(Use use, long now) {
        return use.score() * Math.pow(0.5, (now - use.at()) / halfLife);
    }
}
