package io.portolan.topology.floating;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a floating address should be.
 *
 * @param address one of the gateway's {@code floatingCidrs}; without it any that is free. Does not change. In underlay
 *     mode clouds choose it unless their policy says otherwise
 * @param pod whom it stands for; nobody without it
 * @param portAddress instead of {@code pod}: whoever has this address now, and then wherever that pod is
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FloatingIpClaim(
        @Nullable IpAddress address,
        @Nullable Pod pod,
        @Nullable IpAddress portAddress) {
    /** A pod by its name: one that is made anew is the same. */
    public record Pod(String namespace, String name) {
        @Override
        public String toString() {
            return namespace + "/" + name;
        }
    }
}
