package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ProfileId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v1/nodes/{node}/security}: all that a node needs to know of security profiles in order to ask nobody when a pod
 * starts.
 *
 * @param enforced whether a port without a profile is closed; where it is not, the rest says nothing
 * @param defaultProfiles of pods that name none, and whose namespace names none
 * @param pools sets of profiles that ports should wait in
 */
public record NodeSecurity(
        boolean enforced, List<Profile> profiles, List<ProfileId> defaultProfiles, List<Pool> pools) {
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
    }
}
