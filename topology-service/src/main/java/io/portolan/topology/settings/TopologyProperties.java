package io.portolan.topology.settings;

import io.portolan.kit.loop.LoopSettings;
import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code portolan.topology.*}.
 *
 * @param memoryBackend whether a cluster may have the endpoint {@code memory:}: a network in this process that nobody else
 *     sees; for tests and simulations
 * @param nodeLease how long after its last registration a node's chassis is still its own
 * @param orphanAge between the two looks that an object without a row in the ledger must be seen in before it is deleted
 * @param failedRetry before a port that the network refused is tried again
 * @param secrets the directory with one directory for each secret that a cluster of a cloud may name
 */
@ConfigurationProperties(prefix = "portolan.topology", ignoreUnknownFields = false)
public record TopologyProperties(
        @DefaultValue("false") boolean memoryBackend,
        @DefaultValue("90s") Duration nodeLease,
        @DefaultValue("30s") Duration orphanAge,
        @DefaultValue("60s") Duration failedRetry,
        @DefaultValue("/run/portolan/secrets") Path secrets,
        @DefaultValue Budget budget,
        @DefaultValue ClusterLoop clusters,
        @DefaultValue NodeLoop nodes,
        @DefaultValue GatewayLoop gateways) {

    /**
     * Ports being made at once, over all replicas and clusters.
     *
     * @param ports at most so many
     * @param call at most so many in one call
     * @param clusterShare at most this part of it for one cluster, so that a slow network leaves room to others
     * @param cloudCalls nodes at once whose ports are made in one cloud; clouds have this instead of the other three
     * @param cloudRound after so long a node of a cloud lets others have their turn, and its ports that came up meanwhile
     *     become free
     */
    public record Budget(
            @DefaultValue("4096") int ports,
            @DefaultValue("256") int call,
            @DefaultValue("0.5") double clusterShare,
            @DefaultValue("2") int cloudCalls,
            @DefaultValue("10s") Duration cloudRound) {
        public Budget {
            if (cloudCalls < 1 || cloudCalls > 256 || !cloudRound.isPositive()) {
                throw new IllegalArgumentException(
                        "portolan.topology.budget: 1 <= cloud-calls <= 256, cloud-round above zero");
            }
            if (call < 1 || call > 4_096 || ports < call || clusterShare <= 0 || clusterShare > 1) {
                throw new IllegalArgumentException(
                        "portolan.topology.budget: 1 <= call <= 4096, call <= ports, 0 < cluster-share <= 1");
            }
        }

        public int slots() {
            return ports / call;
        }

        public int slotsOfACluster() {
            return Math.max(1, (int) Math.floor(slots() * clusterShare));
        }
    }

    /** The loop over clusters. */
    public record ClusterLoop(
            @DefaultValue("8") int workers,
            @DefaultValue("30s") Duration resync,
            @DefaultValue("5m") Duration deadline) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }

    /** The loop over nodes. */
    public record NodeLoop(
            @DefaultValue("32") int workers,
            @DefaultValue("60s") Duration resync,
            @DefaultValue("10m") Duration deadline) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }

    /** The loop over gateways, and the one over floating addresses. */
    public record GatewayLoop(
            @DefaultValue("8") int workers,
            @DefaultValue("30s") Duration resync,
            @DefaultValue("5m") Duration deadline) {
        public LoopSettings settings() {
            return LoopSettings.DEFAULT.workers(workers).resync(resync).deadline(deadline);
        }
    }
}
