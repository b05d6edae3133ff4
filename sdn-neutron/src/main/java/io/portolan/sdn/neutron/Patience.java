package io.portolan.sdn.neutron;

import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.Ensured;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What this process remembers of balancers that Octavia is not done with. Nothing depends on it but the time that things
 * take: it is forgotten without harm.
 *
 * @param call how long one call waits for Octavia; afterwards it is for the caller to ask again
 * @param stuck after which something that is under way in a balancer that is not is pushed
 * @param leaked after which a port for the address of a balancer that never was is removed
 */
record Patience(
        Duration call,
        Duration stuck,
        Duration leaked,
        Map<LoadBalancerId, Ensured> unfinished,
        Map<LoadBalancerId, Remakes> remakes,
        Map<String, Long> seen) {
    private static final Duration LONGEST_REST = Duration.ofMinutes(1);

    static Patience standard() {
        return of(Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(30));
    }

    static Patience of(Duration call, Duration stuck, Duration leaked) {
        return new Patience(
                call, stuck, leaked, new ConcurrentHashMap<>(), new ConcurrentHashMap<>(), new ConcurrentHashMap<>());
    }

    /** How often in a row a balancer was made anew, and when last, in nanoseconds of this process. */
    record Remakes(int count, long last) {
        private Duration rest() {
            return count == 0 ? Duration.ZERO : Duration.ofSeconds(Math.min(LONGEST_REST.toSeconds(), 1L << count));
        }
    }

    void wrote(LoadBalancerId id, Ensured what) {
        unfinished.merge(id, what, (old, now) -> old == Ensured.MADE ? old : now);
    }

    /** What all calls since it was right last have done. */
    Ensured finished(LoadBalancerId id) {
        remakes.remove(id);
        return Optional.ofNullable(unfinished.remove(id)).orElse(Ensured.UNCHANGED);
    }

    /** How long to leave it alone before it is made anew once more; empty where it may be. */
    Optional<Duration> rest(LoadBalancerId id) {
        Remakes before = remakes.get(id);
        if (before == null) {
            return Optional.empty();
        }
        Duration left = before.rest().minusNanos(System.nanoTime() - before.last());
        return left.isPositive() ? Optional.of(left) : Optional.empty();
    }

    void remade(LoadBalancerId id) {
        remakes.merge(
                id,
                new Remakes(1, System.nanoTime()),
                (old, now) -> new Remakes(Math.min(old.count() + 1, 10), now.last()));
    }

    /** Whether it has been so for this long. */
    boolean lasts(String id, Duration time) {
        long now = System.nanoTime();
        Long first = seen.putIfAbsent(id, now);
        return first != null && now - first >= time.toNanos();
    }

    void forget(String id) {
        seen.remove(id);
    }

    void keepOnly(Set<LoadBalancerId> there) {
        remakes.keySet().retainAll(there);
        long now = System.nanoTime();
        seen.values()
                .removeIf(first -> now - first > LONGEST_REST.multipliedBy(10).toNanos());
    }
}
