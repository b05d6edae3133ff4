package io.portolan.lb.cluster;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ClusterId;
import org.jspecify.annotations.Nullable;

/**
 * A declaration and how the watch stands.
 *
 * @param state {@code pending} until a replica has watched the cluster, {@code ready}, {@code failed}, {@code deleting}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LoadBalancing(
        ClusterId clusterId,
        LoadBalancingSpec spec,
        String state,
        @Nullable String stateReason,
        long revision) {
    @JsonIgnore
    public boolean isDeleting() {
        return state.equals("deleting");
    }
}
