package io.portolan.topology.network;

import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterId;
import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** One backend a cluster, opened at its first use and again where the cluster's target has changed. */
@Component
public final class SdnBackends implements AutoCloseable {
    private record Open(BackendTarget target, ResilientBackend backend) {}

    private final List<SdnBackendProvider> providers;
    private final CircuitBreakerRegistry breakers;
    private final RetryRegistry retries;
    private final BulkheadRegistry bulkheads;
    private final TimeLimiterRegistry limiters;
    private final Clouds clouds;
    private final Map<ClusterId, Open> open = new ConcurrentHashMap<>();

    SdnBackends(
            List<SdnBackendProvider> providers,
            CircuitBreakerRegistry breakers,
            RetryRegistry retries,
            BulkheadRegistry bulkheads,
            TimeLimiterRegistry limiters,
            Clouds clouds) {
        this.providers = List.copyOf(providers);
        this.breakers = breakers;
        this.retries = retries;
        this.bulkheads = bulkheads;
        this.limiters = limiters;
        this.clouds = clouds;
    }

    /** The kind of network that these endpoints lead to; refuses what no provider understands. */
    public String kind(Mode mode, String endpoints) {
        SdnBackendProvider provider = provider(mode, endpoints);
        provider.check(endpoints);
        return provider.kind();
    }

    /** The cloud that a cluster's network is in; absent where it is in none. */
    public Optional<String> cloud(BackendTarget target) {
        return provider(target.mode(), target.endpoints()).cloud(target.endpoints());
    }

    private SdnBackendProvider provider(Mode mode, String endpoints) {
        List<SdnBackendProvider> ofMode =
                providers.stream().filter(p -> p.mode() == mode).toList();
        if (ofMode.isEmpty()) {
            throw new NetworkRefused.ModeNotAvailable(mode);
        }
        return ofMode.stream()
                .filter(p -> p.understands(endpoints))
                .findFirst()
                .orElseThrow(() -> new Invalid(
                        "backend.endpoints",
                        "'%s' is no network that this control plane can reach".formatted(endpoints)));
    }

    public SdnBackend of(BackendTarget target) {
        return open.compute(target.cluster(), (id, before) -> {
                    if (before != null && before.target().equals(target)) {
                        return before;
                    }
                    if (before != null) {
                        before.backend().close();
                    }
                    return new Open(target, resilient(target));
                })
                .backend();
    }

    private ResilientBackend resilient(BackendTarget target) {
        SdnBackendProvider provider = provider(target.mode(), target.endpoints());
        String name = name(target);
        String settings = provider.resilience();
        RetryConfig patient = Guard.patient(retries.getConfiguration(settings)
                .orElseThrow(() -> new IllegalStateException("no retry " + settings)));
        return new ResilientBackend(
                () -> provider.open(target),
                new Guard(
                        name,
                        breakers.circuitBreaker(name, settings),
                        retries.retry(name, patient),
                        bulkheads.bulkhead(name, settings),
                        limiters.timeLimiter(name, settings),
                        provider.cloud(target.endpoints()).map(clouds::pace).orElse(null)));
    }

    private static String name(BackendTarget target) {
        return "sdn-" + target.name();
    }

    /** For a cluster that is gone: its connections and its meters go, too. */
    public void forget(ClusterId cluster) {
        Open gone = open.remove(cluster);
        if (gone != null) {
            gone.backend().close();
            String name = name(gone.target());
            breakers.remove(name);
            retries.remove(name);
            bulkheads.remove(name);
            limiters.remove(name);
        }
    }

    @Override
    public void close() {
        open.values().forEach(o -> o.backend().close());
        open.clear();
    }
}
