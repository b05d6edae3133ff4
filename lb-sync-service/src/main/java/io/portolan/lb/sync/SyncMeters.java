package io.portolan.lb.sync;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.portolan.model.LoadBalancerId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** What a cluster's sync counts; a few series a cluster, none a Service. */
final class SyncMeters {
    private final MeterRegistry meters;
    private final String cluster;
    private final Counter drift;
    private final Counter writes;
    private final Counter deletions;
    private final Timer delay;
    private final Map<LoadBalancerId, Long> signalled = new ConcurrentHashMap<>();

    SyncMeters(MeterRegistry meters, String cluster) {
        this.meters = meters;
        this.cluster = cluster;
        drift = Counter.builder("portolan.lb.drift")
                .description("Load balancers that an audit found to be other than they had been made")
                .tag("cluster", cluster)
                .register(meters);
        writes = Counter.builder("portolan.lb.writes")
                .description("Load balancers made or mended in the network")
                .tag("cluster", cluster)
                .register(meters);
        deletions = Counter.builder("portolan.lb.deletions")
                .description("Load balancers deleted from the network")
                .tag("cluster", cluster)
                .register(meters);
        delay = Timer.builder("portolan.lb.delay")
                .description("From a watch's signal to the network's answer")
                .tag("cluster", cluster)
                .publishPercentileHistogram()
                .register(meters);
    }

    /** Takes what was counted of a cluster that is not watched any more, and of its loop. */
    void forget(String loop) {
        meters.getMeters().stream()
                .map(Meter::getId)
                .filter(id -> loop.equals(id.getTag("loop"))
                        || (id.getName().startsWith("portolan.lb.") && cluster.equals(id.getTag("cluster"))))
                .forEach(meters::remove);
    }

    void signalled(LoadBalancerId id) {
        signalled.putIfAbsent(id, System.nanoTime());
    }

    /** When it was signalled, of a look that begins now. */
    long taken(LoadBalancerId id) {
        Long since = signalled.remove(id);
        return since == null ? System.nanoTime() : since;
    }

    void written(long since, boolean wasRight) {
        writes.increment();
        delay.record(System.nanoTime() - since, TimeUnit.NANOSECONDS);
        if (wasRight) {
            drift.increment();
        }
    }

    void deleted() {
        deletions.increment();
    }
}
