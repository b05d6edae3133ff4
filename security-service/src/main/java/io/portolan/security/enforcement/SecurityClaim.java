package io.portolan.security.enforcement;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * @param defaultProfiles of pods that name none and whose namespace names none: at most 8 names or ids; none unless said
 * @param networkPolicies makes the cluster's NetworkPolicies count; without it they do not
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SecurityClaim(
        @Nullable List<String> defaultProfiles, @Nullable NetworkPolicies networkPolicies) {
    /** @param kubernetes the cluster's API server */
    public record NetworkPolicies(Kubernetes kubernetes) {}

    /** @param secretRef names the mounted secret that holds a {@code kubeconfig}; without it the service runs in the cluster */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Kubernetes(@Nullable String secretRef) {}
}
