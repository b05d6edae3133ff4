package io.portolan.kit.loop;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets nothing be deleted on the strength of one look: an orphan must be one again after a while, and have been one at every
 * look in between. Forgetting at a restart only means looking twice again.
 */
public final class TwoLooks {
    private final Duration apart;
    private final Map<Object, Map<Object, Long>> since = new ConcurrentHashMap<>();

    /** @param apart how long after the first look the second one counts */
    public TwoLooks(Duration apart) {
        this.apart = apart;
    }

    public Duration apart() {
        return apart;
    }

    /** What was seen within {@code place} counts no more. */
    public void forget(Object place) {
        since.remove(place);
    }

    /** @return those of the orphans seen now within {@code place} that were seen long enough ago, too */
    public <T> List<T> again(Object place, Collection<T> orphans) {
        if (orphans.isEmpty()) {
            forget(place);
            return List.of();
        }
        long now = System.nanoTime();
        Set<Object> current = new HashSet<>(orphans);
        Map<Object, Long> known = since.computeIfAbsent(place, p -> new ConcurrentHashMap<>());
        known.keySet().retainAll(current);
        orphans.forEach(orphan -> known.putIfAbsent(orphan, now));
        return orphans.stream()
                .filter(orphan -> now - known.getOrDefault(orphan, now) >= apart.toNanos())
                .toList();
    }
}
