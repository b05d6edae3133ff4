package io.portolan.topology.floating;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A floating address as answered.
 *
 * @param address absent until the network chose one
 * @param portAddress the pod's own address that it leads to; absent while it leads nowhere
 * @param state {@code pending} without a gateway, {@code waiting} for its pod, {@code active}, {@code failed} or {@code
 *     deleting}
 * @param stateProblem the stable name of what {@code stateReason} says; {@code docs/http.md} lists them
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FloatingIpView(
        FloatingIpId id,
        String name,
        @Nullable IpAddress address,
        FloatingIpClaim.@Nullable Pod pod,
        @Nullable IpAddress portAddress,
        String state,
        @Nullable String stateReason,
        @Nullable String stateProblem,
        Instant createdAt,
        long revision) {}
