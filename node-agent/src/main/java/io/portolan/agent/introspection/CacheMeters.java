package io.portolan.agent.introspection;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.portolan.agent.cache.CacheCounts;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.PortCache;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.springframework.stereotype.Component;

/** What the cache holds, as gauges; no number while it cannot be read. */
@Component
final class CacheMeters implements MeterBinder {
    private static final Map<String, ToDoubleFunction<CacheCounts>> STATES = Map.of(
            "free", CacheCounts::free,
            "bound", CacheCounts::bound,
            "cooling", CacheCounts::cooling,
            "returning", CacheCounts::returning,
            "disputed", CacheCounts::disputed);

    private final PortCache cache;

    CacheMeters(PortCache cache) {
        this.cache = cache;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        STATES.forEach((state, count) -> Gauge.builder("portolan.ports", cache, cached -> read(cached, count))
                .description("Ports in this node's cache")
                .tag("state", state)
                .register(registry));
        Gauge.builder("portolan.reports.pending", cache, cached -> read(cached, CacheCounts::reports))
                .description("What happened here and has not been told yet")
                .register(registry);
    }

    private static double read(PortCache cache, ToDoubleFunction<CacheCounts> count) {
        try {
            return count.applyAsDouble(cache.counts());
        } catch (CacheUnavailable e) {
            return Double.NaN;
        }
    }
}
