package io.portolan.security.enforcement;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ClusterName;
import io.portolan.model.ProfileId;
import io.portolan.security.policy.PolicyStand;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's security and how it stands.
 *
 * @param networkPolicies absent where they do not count
 * @param policies how NetworkPolicies stand; absent where they do not count
 * @param state {@code pending}, {@code ready}, {@code failed}, {@code deleting}
 * @param stateReason why it is not ready
 * @param stateProblem the stable name of what {@code stateReason} says; {@code docs/http.md} lists them
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SecurityView(
        ClusterName cluster,
        List<ProfileId> defaultProfiles,
        SecurityClaim.@Nullable NetworkPolicies networkPolicies,
        @Nullable PolicyStand policies,
        String state,
        @Nullable String stateReason,
        @Nullable String stateProblem,
        Instant createdAt,
        long revision) {}
