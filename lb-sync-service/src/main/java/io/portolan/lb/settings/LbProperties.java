package io.portolan.lb.settings;

import io.portolan.kit.loop.LoopSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code portolan.lb.*}.
 *
 * @param secrets where secrets are mounted: {@code <secretRef>/kubeconfig} is a file below
 * @param replica the name by which this replica holds Leases; without one its host's and process's
 * @param orphanAge between the two looks that a balancer without a Service must be seen in before it is deleted
 * @param batchDelay how long a write waits for others to go with it
 * @param reopen before a cluster that could not be watched is tried again
 */
@ConfigurationProperties(prefix = "portolan.lb", ignoreUnknownFields = false)
public record LbProperties(
        @DefaultValue("/run/portolan/secrets") Path secrets,
        @DefaultValue("") String replica,
        @DefaultValue("30s") Duration orphanAge,
        @DefaultValue("10ms") Duration batchDelay,
        @DefaultValue("10s") Duration reopen,
        @DefaultValue Loop loop,
        @DefaultValue Lease lease,
        @DefaultValue Topology topology) {

    public LbProperties {
        if (replica.isEmpty()) {
            String host = System.getenv().getOrDefault("HOSTNAME", "lb-sync");
            replica = host + "-" + ProcessHandle.current().pid();
        }
    }

    /** The loop over a cluster's Services. */
    public record Loop(
            @DefaultValue("64") int workers,
            @DefaultValue("60s") Duration resync,
            @DefaultValue("5m") Duration deadline) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }

    /**
     * The Lease in each cluster that says which replica is active.
     *
     * @param duration after which it is another's to take
     * @param renewDeadline after which a leader that cannot renew it stops by itself; less than the duration
     * @param retry between two tries
     */
    public record Lease(
            @DefaultValue("kube-system") String namespace,
            @DefaultValue("portolan-lb-sync") String name,
            @DefaultValue("15s") Duration duration,
            @DefaultValue("10s") Duration renewDeadline,
            @DefaultValue("2s") Duration retry) {
        public Lease {
            if (renewDeadline.compareTo(duration) >= 0 || retry.compareTo(renewDeadline) >= 0) {
                throw new IllegalArgumentException("portolan.lb.lease: retry < renew-deadline < duration");
            }
        }
    }

    /**
     * Where topology-service is, which has the floating addresses of annotated pods.
     *
     * @param url without one the annotation is not followed
     * @param timeout for a whole call
     */
    public record Topology(
            @Nullable URI url,
            @DefaultValue("2s") Duration connectTimeout,
            @DefaultValue("20s") Duration timeout) {}
}
