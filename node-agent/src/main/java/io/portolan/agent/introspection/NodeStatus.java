package io.portolan.agent.introspection;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.agent.cache.CacheCounts;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.NodeRecord;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cni.CniService;
import io.portolan.agent.control.ControlPlane;
import io.portolan.agent.security.PodSecurity;
import io.portolan.agent.wiring.Wiring;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** How the node is; healthy while it serves pods, whatever the control plane does, and whatever their network lacks. */
@Component("node")
final class NodeStatus implements HealthIndicator {
    /**
     * @param node what it knows of itself; absent until the cache was read
     * @param trouble what is not as it should be, by part; empty on a good day
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record View(@Nullable NodeRecord node, @Nullable CacheCounts ports, Map<String, String> trouble) {}

    private final PortCache cache;
    private final Map<String, Supplier<Optional<String>>> troubles = new LinkedHashMap<>();
    private final Wiring wiring;
    private final CniService cni;

    NodeStatus(PortCache cache, Wiring wiring, ControlPlane controlPlane, PodSecurity security, CniService cni) {
        this.cache = cache;
        this.wiring = wiring;
        this.cni = cni;
        troubles.put("cni", cni::waitsFor);
        troubles.put("cache", cache::trouble);
        troubles.put("switch", wiring::trouble);
        troubles.put("control", controlPlane::trouble);
        troubles.put("reports", controlPlane::reportTrouble);
        troubles.put("security", security::trouble);
    }

    View view() {
        Map<String, String> found = new LinkedHashMap<>();
        troubles.forEach((part, trouble) -> trouble.get().ifPresent(words -> found.put(part, words)));
        try {
            return new View(cache.node(), cache.counts(), found);
        } catch (CacheUnavailable e) {
            return new View(null, null, found);
        }
    }

    @Override
    public Health health() {
        return cni.waitsFor()
                .map(what -> Health.outOfService().withDetail("waitsFor", what).build())
                .orElseGet(() -> {
                    Health.Builder up = Health.up();
                    wiring.missing().ifPresent(what -> up.withDetail("switch", what));
                    return up.build();
                });
    }
}
