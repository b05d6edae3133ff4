package io.portolan.networks;

import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.portolan.model.ClusterId;
import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** One backend a cluster, opened at its first use and again where the cluster's target has changed. */
public final class Networks implements AutoCloseable {
    private record Open(NetworkTarget target, GuardedBackend backend) {}

    private final List<NetworkKind> kinds;
    private final CircuitBreakerRegistry breakers;
    private final RetryRegistry retries;
    private final BulkheadRegistry bulkheads;
    private final TimeLimiterRegistry limiters;
    private final CloudPressure pressure;
    private final Map<ClusterId, Open> open = new ConcurrentHashMap<>();

    Networks(
            List<NetworkKind> kinds,
            CircuitBreakerRegistry breakers,
            RetryRegistry retries,
            BulkheadRegistry bulkheads,
            TimeLimiterRegistry limiters,
            CloudPressure pressure) {
        this.kinds = List.copyOf(kinds);
        this.breakers = breakers;
        this.retries = retries;
        this.bulkheads = bulkheads;
        this.limiters = limiters;
        this.pressure = pressure;
    }

    /** The kind of network that these endpoints lead to. */
    public Optional<NetworkKind> kind(Mode mode, String endpoints) {
        return kinds.stream()
                .filter(kind -> kind.mode() == mode && kind.understands(endpoints))
                .findFirst();
    }

    /** The cloud that a cluster's network is in; absent where it is in none. */
    public Optional<String> cloud(NetworkTarget target) {
        return kind(target).cloud(target.endpoints());
    }

    private NetworkKind kind(NetworkTarget target) {
        return kind(target.mode(), target.endpoints())
                .orElseThrow(() -> new Refused(
                        Reason.NOT_SUPPORTED,
                        "'%s' is no network that this service can reach".formatted(target.endpoints())));
    }

    /** Asks nobody yet. */
    public SdnBackend of(NetworkTarget target) {
        return open.compute(target.cluster(), (id, before) -> {
                    if (before != null && before.target().equals(target)) {
                        return before;
                    }
                    if (before != null) {
                        before.backend().close();
                    }
                    return new Open(target, guarded(target));
                })
                .backend();
    }

    private GuardedBackend guarded(NetworkTarget target) {
        NetworkKind kind = kind(target);
        String name = name(target);
        String settings = kind.resilience();
        RetryConfig patient = Guard.patient(retries.getConfiguration(settings)
                .orElseThrow(() -> new IllegalStateException("no retry " + settings)));
        Optional<String> cloud = kind.cloud(target.endpoints());
        return new GuardedBackend(
                () -> kind.open(target),
                new Guard(
                        name,
                        breakers.circuitBreaker(name, settings),
                        retries.retry(name, patient),
                        bulkheads.bulkhead(name, settings),
                        limiters.timeLimiter(name, settings),
                        () -> cloud.ifPresent(pressure::pressed)));
    }

    private static String name(NetworkTarget target) {
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
        open.values().forEach(each -> each.backend().close());
        open.clear();
    }
}
