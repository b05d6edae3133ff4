package io.portolan.topology.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ClusterName;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a cluster stands.
 *
 * @param clean whether all parts that can be read were read, and nothing was found
 * @param caches nodes that said lately what they hold; only their caches were held against the ledger
 * @param parts what was held against the ledger
 * @param counts findings by kind; kinds without any are left out
 * @param findings one page of them
 * @param next cursor of the next page
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record AuditView(
        ClusterName cluster,
        Instant startedAt,
        Instant endedAt,
        int nodes,
        int caches,
        int ports,
        boolean clean,
        List<Part> parts,
        List<Count> counts,
        List<Finding> findings,
        @Nullable String next) {
    /**
     * Findings of a kind.
     *
     * @param words what the kind means
     * @param automatic whether a loop or an agent mends it by itself
     */
    record Count(String kind, String words, boolean automatic, long count) {}

    /**
     * A disagreement that was seen at two looks.
     *
     * @param node its name, or its id where the ledger does not know it
     * @param ageSeconds since it was seen first
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Finding(
            String kind,
            @Nullable UUID port,
            @Nullable String address,
            String node,
            Says says,
            Instant firstSeen,
            long ageSeconds,
            boolean automatic) {}

    /**
     * Who was woken.
     *
     * @param loops nodes that the loop looks at now
     * @param agents nodes whose agents hold their caches against the ledger, when they next say what these hold
     * @param byHand findings that wait for a person
     */
    record Repair(List<String> loops, List<String> agents, long byHand) {}
}
