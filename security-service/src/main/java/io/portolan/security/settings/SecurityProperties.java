package io.portolan.security.settings;

import io.portolan.kit.loop.LoopSettings;
import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code portolan.security.*}.
 *
 * @param orphanAge between the two looks that a profile without a row in the ledger must be seen in before it is deleted
 * @param bindDeadline how long a node waits for the network's word on its bindings, in one request
 * @param grace how long a binding that is not finished, or of a port that its node gave back, is left to its own request
 * @param secrets the directory with one directory for each secret that a cluster may name, for its cloud or its API server
 */
@ConfigurationProperties(prefix = "portolan.security", ignoreUnknownFields = false)
public record SecurityProperties(
        @DefaultValue("30s") Duration orphanAge,
        @DefaultValue("20s") Duration bindDeadline,
        @DefaultValue("5s") Duration grace,
        @DefaultValue("/run/portolan/secrets") Path secrets,
        @DefaultValue ProfileLoop profiles,
        @DefaultValue EnforcementLoop enforcement,
        @DefaultValue AuditLoop audit,
        @DefaultValue PolicyLoop policies) {
    /** The loop that makes clusters' profiles true. */
    public record ProfileLoop(
            @DefaultValue("8") int workers,
            @DefaultValue("60s") Duration resync,
            @DefaultValue("5m") Duration deadline) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }

    /** The loop that closes clusters' nodes, and finishes and sweeps bindings. */
    public record EnforcementLoop(
            @DefaultValue("8") int workers,
            @DefaultValue("10s") Duration resync,
            @DefaultValue("5m") Duration deadline) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }

    /** The loop that compares nodes' ports with the network. */
    public record AuditLoop(
            @DefaultValue("8") int workers,
            @DefaultValue("5m") Duration resync,
            @DefaultValue("5m") Duration deadline) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }

    /**
     * The loop that makes NetworkPolicies true.
     *
     * @param lease how long a replica that is not heard of keeps a cluster's watch from the others
     */
    public record PolicyLoop(
            @DefaultValue("8") int workers,
            @DefaultValue("15s") Duration resync,
            @DefaultValue("5m") Duration deadline,
            @DefaultValue("30s") Duration lease) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }
}
