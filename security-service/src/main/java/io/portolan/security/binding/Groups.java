package io.portolan.security.binding;

import io.portolan.model.ClusterId;
import io.portolan.model.ProfileId;
import io.portolan.security.policy.Policies;
import io.portolan.security.profile.Profiles;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What ports of a cluster can be in: its profiles, and the NetworkPolicies that narrow them. */
@Component
class Groups {
    /**
     * @param name as people know it
     * @param backendId null where the network has never had it
     * @param namespaces whose pods may be in it; null for all
     */
    record Group(
            String name,
            boolean isPolicy,
            @Nullable String backendId,
            boolean isDeleting,
            boolean isReady,
            @Nullable List<String> namespaces) {
        boolean admits(String namespace) {
            return namespaces == null || namespaces.contains(namespace);
        }
    }

    private final Profiles profiles;
    private final Policies policies;

    Groups(Profiles profiles, Policies policies) {
        this.profiles = profiles;
        this.policies = policies;
    }

    /** A policy that went can be named while ports are in it: nodes hear of that a little later. */
    Map<ProfileId, Group> of(ClusterId cluster) {
        Map<ProfileId, Group> all = new HashMap<>();
        profiles.of(cluster)
                .forEach(profile -> all.put(
                        profile.id(),
                        new Group(
                                profile.name(),
                                false,
                                profile.backendId(),
                                profile.isDeleting(),
                                profile.isReady(),
                                profile.namespaces())));
        policies.of(cluster)
                .forEach(policy -> all.put(
                        policy.id(),
                        new Group(
                                "NetworkPolicy %s/%s".formatted(policy.namespace(), policy.name()),
                                true,
                                policy.backendId(),
                                false,
                                policy.isReady(),
                                List.of(policy.namespace()))));
        return all;
    }
}
