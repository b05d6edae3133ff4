package io.portolan.security.profile;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ProfileId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A profile and how it stands.
 *
 * @param state {@code pending}, {@code ready}, {@code failed}, {@code deleting}
 * @param stateReason why it is not ready
 * @param stateProblem the stable name of what {@code stateReason} says; {@code docs/http.md} lists them
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ProfileView(
        ProfileId id,
        String name,
        String description,
        @Nullable String group,
        @Nullable List<String> namespaces,
        List<ProfileClaim.RuleClaim> rules,
        String state,
        @Nullable String stateReason,
        @Nullable String stateProblem,
        Instant createdAt,
        long revision) {
    /** @param next the {@code cursor} of the page after this one; absent on the last */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Page(List<ProfileView> profiles, @Nullable String next) {}
}
