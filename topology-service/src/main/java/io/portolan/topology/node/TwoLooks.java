package io.portolan.topology.node;

import io.portolan.topology.settings.TopologyProperties;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/**
 * Lets nothing be deleted on the strength of one look: an orphan must be one again after a while, and have been one at every
 * look in between. Forgetting at a restart only means looking twice again.
 */
@Component
final class TwoLooks {
    private final Duration apart;
    private final Map<Object, Map<Object, Long>> since = new ConcurrentHashMap<>();

    TwoLooks(TopologyProperties properties) {
        this.apart = properties.orphanAge();
    }

    Duration apart() {
        return apart;
    }

    /** @return those of the orphans seen now within {@code place} that were seen long enough ago, too */
    <T> List<T> again(Object place, Collection<T> orphans) {
        if (orphans.isEmpty()) {
            since.remove(place);
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
