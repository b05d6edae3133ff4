package io.portolan.topology.gateway;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A gateway as answered.
 *
 * @param state {@code pending}, {@code ready}, {@code failed} or {@code deleting}
 * @param stateReason why it is not ready
 * @param stateProblem the stable name of what {@code stateReason} says; {@code docs/http.md} lists them
 * @param externalAddresses the router's addresses outside, as the network says
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record GatewayView(
        ClusterName cluster,
        String state,
        @Nullable String stateReason,
        @Nullable String stateProblem,
        List<IpAddress> externalAddresses,
        GatewayClaim spec,
        Instant createdAt,
        long revision) {}
