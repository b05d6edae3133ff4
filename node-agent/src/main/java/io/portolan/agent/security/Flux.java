package io.portolan.agent.security;

import io.portolan.model.PortId;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Ports whose profiles are being changed at this moment. A pod gets none of them. */
final class Flux {
    private final Map<PortId, Integer> ports = new ConcurrentHashMap<>();

    boolean has(PortId port) {
        return ports.containsKey(port);
    }

    void during(Collection<PortId> some, Runnable action) {
        some.forEach(port -> ports.merge(port, 1, Integer::sum));
        try {
            action.run();
        } finally {
            some.forEach(port -> ports.computeIfPresent(port, (id, count) -> count == 1 ? null : count - 1));
        }
    }
}
