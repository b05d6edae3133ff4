package io.portolan.security.network;

import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.portolan.model.ClusterId;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurity;
import io.portolan.security.cluster.Cluster;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** One network a cluster, opened at its first use and again where the cluster's target has changed. */
@Component
public final class Networks implements AutoCloseable {
    private record Open(Cluster.Target target, GuardedSecurity security) {}

    private final List<NetworkProvider> providers;
    private final CircuitBreakerRegistry breakers;
    private final RetryRegistry retries;
    private final BulkheadRegistry bulkheads;
    private final TimeLimiterRegistry limiters;
    private final Map<ClusterId, Open> open = new ConcurrentHashMap<>();

    Networks(
            List<NetworkProvider> providers,
            CircuitBreakerRegistry breakers,
            RetryRegistry retries,
            BulkheadRegistry bulkheads,
            TimeLimiterRegistry limiters) {
        this.providers = List.copyOf(providers);
        this.breakers = breakers;
        this.retries = retries;
        this.bulkheads = bulkheads;
        this.limiters = limiters;
    }

    public SdnSecurity of(Cluster cluster) {
        Cluster.Target target = cluster.target();
        return open.compute(target.cluster(), (id, before) -> {
                    if (before != null && before.target().equals(target)) {
                        return before;
                    }
                    if (before != null) {
                        before.security().close();
                    }
                    return new Open(target, guarded(target));
                })
                .security();
    }

    private GuardedSecurity guarded(Cluster.Target target) {
        NetworkProvider provider = providers.stream()
                .filter(each -> each.understands(target))
                .findFirst()
                .orElseThrow(() -> new Refused(
                        Reason.NOT_SUPPORTED,
                        "this service has no security profiles for networks of mode "
                                + target.mode().name().toLowerCase(Locale.ROOT)));
        String name = name(target);
        String settings = provider.resilience();
        RetryConfig patient = Guard.patient(retries.getConfiguration(settings)
                .orElseThrow(() -> new IllegalStateException("no retry " + settings)));
        return new GuardedSecurity(
                () -> provider.open(target),
                new Guard(
                        name,
                        breakers.circuitBreaker(name, settings),
                        retries.retry(name, patient),
                        bulkheads.bulkhead(name, settings),
                        limiters.timeLimiter(name, settings)));
    }

    private static String name(Cluster.Target target) {
        return "sdn-" + target.name();
    }

    /** For a cluster that is gone: its connections and its meters go, too. */
    public void forget(ClusterId cluster) {
        Open gone = open.remove(cluster);
        if (gone != null) {
            gone.security().close();
            String name = name(gone.target());
            breakers.remove(name);
            retries.remove(name);
            bulkheads.remove(name);
            limiters.remove(name);
        }
    }

    @Override
    public void close() {
        open.values().forEach(each -> each.security().close());
        open.clear();
    }
}
