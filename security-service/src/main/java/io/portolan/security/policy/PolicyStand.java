package io.portolan.security.policy;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.security.network.Trouble;
import org.jspecify.annotations.Nullable;

/**
 * How the watch of a cluster's NetworkPolicies stands.
 *
 * @param state {@code pending}, {@code ready}, {@code failed}: policies that are known go on
 * @param stateReason why it is not ready
 * @param stateProblem the stable name of what {@code stateReason} says; {@code docs/http.md} lists them
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PolicyStand(
        String state,
        @Nullable String stateReason,
        @Nullable String stateProblem) {
    static final PolicyStand READY = new PolicyStand("ready", null, null);

    static PolicyStand pending(String reason) {
        return new PolicyStand("pending", reason, null);
    }

    static PolicyStand failed(Trouble trouble) {
        return new PolicyStand("failed", trouble.reason(), trouble.problem());
    }
}
