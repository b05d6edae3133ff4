package io.portolan.topology.cluster;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.SubnetSizing;
import org.jspecify.annotations.Nullable;

/**
 * How nodes of one kind are sized and supplied; what is left out of the last four is as the cluster has it.
 *
 * @param podsPerCpu as in {@link SubnetSizing}, like the three after it
 * @param leaseBatch ports a claim
 * @param warmHeadroom free ports that a node keeps beyond those in use
 * @param furtherPods a further subnet has room for so many pods at least
 * @param subnetIdleSeconds a subnet that its node could do without for so long is offered back; 0 is never
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record NodeClass(
        int podsPerCpu,
        int podsPerGiB,
        int minPods,
        int maxPods,
        @Nullable Integer leaseBatch,
        @Nullable Integer warmHeadroom,
        @Nullable Integer furtherPods,
        @Nullable Integer subnetIdleSeconds) {
    public NodeClass {
        var _ = new SubnetSizing(podsPerCpu, podsPerGiB, minPods, maxPods);
    }

    SubnetSizing sizing() {
        return new SubnetSizing(podsPerCpu, podsPerGiB, minPods, maxPods);
    }

    static void check(
            String path,
            @Nullable Integer leaseBatch,
            @Nullable Integer warmHeadroom,
            @Nullable Integer furtherPods,
            @Nullable Integer subnetIdleSeconds) {
        unlessBetween(path + "leaseBatch", leaseBatch, 1, 256);
        unlessBetween(path + "warmHeadroom", warmHeadroom, 0, 1_024);
        unlessBetween(path + "furtherPods", furtherPods, 5, 4_000);
        unlessBetween(path + "subnetIdleSeconds", subnetIdleSeconds, 0, 604_800);
    }

    private static void unlessBetween(String field, @Nullable Integer value, int least, int most) {
        if (value != null) {
            Invalid.unlessBetween(field, value, least, most);
        }
    }
}
