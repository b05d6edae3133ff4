package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ProfileId;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v1/nodes/{node}/security}: all that a node needs to know of security profiles in order to ask nobody when a pod
 * starts.
 *
 * @param enforced whether a port without a profile is closed; where it is not, the rest says nothing
 * @param defaultProfiles of pods that name none, and whose namespace names none
 * @param pools sets of profiles that ports should wait in
 * @param policies what narrows the profiles of pods that they select; absent is none
 */
public record NodeSecurity(
        boolean enforced,
        List<Profile> profiles,
        List<ProfileId> defaultProfiles,
        List<Pool> pools,
        @Nullable List<Policy> policies) {
    /**
     * @param name unique in the cluster; pods name it so, or by its id, or, where it is adopted, by the group's id
     * @param group the id of the adopted group; absent where it is made by us
     * @param namespaces whose pods may name it; absent for all
     * @param ready whether the network has it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Profile(
            ProfileId id,
            String name,
            @Nullable String group,
            @Nullable List<String> namespaces,
            boolean ready) {
        public Profile {
            namespaces = namespaces == null ? null : List.copyOf(namespaces);
        }
    }

    /**
     * A NetworkPolicy: a pod of its namespace that it selects is put in it, beside its profiles.
     *
     * @param id as bindings name it
     * @param ready whether the network has it
     */
    public record Policy(ProfileId id, String namespace, String name, LabelSelector podSelector, boolean ready) {}

    /** @param size how many free ports of the node should be in exactly these profiles */
    public record Pool(List<ProfileId> profiles, int size) {
        public Pool {
            profiles = profiles.stream().distinct().sorted().toList();
        }
    }

    public NodeSecurity {
        profiles = List.copyOf(profiles);
        defaultProfiles = List.copyOf(defaultProfiles);
        pools = List.copyOf(pools);
        policies = policies == null ? List.of() : List.copyOf(policies);
    }

    /** Where no policies are. */
    public NodeSecurity(boolean enforced, List<Profile> profiles, List<ProfileId> defaultProfiles, List<Pool> pools) {
        this(enforced, profiles, defaultProfiles, pools, List.of());
    }

    @Override
    public List<Policy> policies() {
        return Objects.requireNonNull(policies);
    }
}
