package io.portolan.agent.security;

import io.portolan.agent.security.ProfilesRefused.Reason;
import io.portolan.model.ProfileId;
import io.portolan.model.api.NodeSecurity;
import io.portolan.model.api.NodeSecurity.Policy;
import io.portolan.model.api.NodeSecurity.Profile;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which profiles a pod has: those of its annotation, else of its label, else of its namespace's annotation, else the cluster's
 * default ones. The first that says anything decides; what it says wrongly is refused, and never made up for by the next. Beside
 * them it has the NetworkPolicies of its namespace that select it, which narrow them; who has no profile is closed without.
 */
final class ProfileChoice {
    static final String ANNOTATION = "portolan.io/security-profiles";
    static final String LABEL = "portolan.io/security-profile";

    /** Of one pod. */
    static final int MOST = 8;

    static final int MOST_POLICIES = 24;

    private static final int LONGEST_TOLD = 60;
    private static final String NAME = "[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?";

    /**
     * What is said of a pod.
     *
     * @param labels by which policies select it
     */
    record Said(
            @Nullable String annotation,
            @Nullable String label,
            @Nullable String namespaceAnnotation,
            Map<String, String> labels) {
        static final Said NOTHING = new Said(null, null, null, Map.of());

        Said {
            labels = Map.copyOf(labels);
        }
    }

    private final NodeSecurity catalogue;
    private final Optional<String> namespace;

    /** @param namespace the pod's; none for what is no pod of Kubernetes */
    ProfileChoice(NodeSecurity catalogue, Optional<String> namespace) {
        this.catalogue = catalogue;
        this.namespace = namespace;
    }

    /** @throws ProfilesRefused naming the profile, and where it is named; or the policy */
    Set<ProfileId> of(Said said) {
        Set<ProfileId> profiles = profiles(said);
        if (profiles.isEmpty() || namespace.isEmpty()) {
            return profiles;
        }
        List<Policy> policies = catalogue.policies().stream()
                .filter(policy -> policy.namespace().equals(namespace.get())
                        && policy.podSelector().matches(said.labels()))
                .toList();
        if (policies.size() > MOST_POLICIES) {
            throw new ProfilesRefused(
                    Reason.TOO_MANY,
                    "%d NetworkPolicies select the pod, which is more than %d"
                            .formatted(policies.size(), MOST_POLICIES));
        }
        for (Policy policy : policies) {
            if (!policy.ready()) {
                throw new ProfilesRefused(
                        Reason.NOT_READY, "NetworkPolicy '%s' is not in the network yet".formatted(policy.name()));
            }
        }
        return Stream.concat(profiles.stream(), policies.stream().map(Policy::id))
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Whether a port may go from one set to the other without being closed: the same profiles, narrowed otherwise. Of what the
     * catalogue does not name any more it was a policy, because a profile that ports are in stays.
     */
    static boolean differInPoliciesOnly(Set<ProfileId> one, Set<ProfileId> other, NodeSecurity catalogue) {
        Set<ProfileId> known =
                catalogue.profiles().stream().map(Profile::id).collect(Collectors.toCollection(HashSet::new));
        Set<ProfileId> profiles = new HashSet<>(one);
        profiles.retainAll(known);
        known.retainAll(other);
        return !profiles.isEmpty() && profiles.equals(known);
    }

    private Set<ProfileId> profiles(Said said) {
        if (said.annotation() != null) {
            return named("the pod's annotation " + ANNOTATION, said.annotation());
        }
        if (said.label() != null) {
            return allowed("the pod's label " + LABEL, List.of(find("the pod's label " + LABEL, said.label())));
        }
        if (said.namespaceAnnotation() != null) {
            return named("the namespace's annotation " + ANNOTATION, said.namespaceAnnotation());
        }
        return allowed(
                "the cluster's default",
                catalogue.defaultProfiles().stream()
                        .map(id -> find("the cluster's default", id.toString()))
                        .toList());
    }

    private Set<ProfileId> named(String where, String text) {
        Set<String> names = new LinkedHashSet<>();
        for (String part : text.split(",", -1)) {
            names.add(part.strip());
            if (names.size() > MOST) {
                throw new ProfilesRefused(
                        Reason.TOO_MANY, "%s names more than %d security profiles".formatted(where, MOST));
            }
        }
        return allowed(where, names.stream().map(name -> find(where, name)).toList());
    }

    private Profile find(String where, String name) {
        if (!name.matches(NAME)) {
            throw new ProfilesRefused(
                    Reason.MALFORMED, "%s: '%s' is not a security profile's name or id".formatted(where, told(name)));
        }
        return catalogue.profiles().stream()
                .filter(profile -> isCalled(profile, name))
                .findFirst()
                .orElseThrow(() -> new ProfilesRefused(
                        Reason.UNKNOWN, "%s: there is no security profile '%s'".formatted(where, told(name))));
    }

    private static boolean isCalled(Profile profile, String name) {
        return profile.name().equals(name)
                || profile.id().toString().equalsIgnoreCase(name)
                || name.equalsIgnoreCase(profile.group());
    }

    /** Control characters would spoil logs and errors. */
    private static String told(String name) {
        String printable = name.replaceAll("[^ -~]", "?");
        return printable.length() <= LONGEST_TOLD ? printable : printable.substring(0, LONGEST_TOLD) + "...";
    }

    private Set<ProfileId> allowed(String where, List<Profile> profiles) {
        for (Profile profile : profiles) {
            List<String> only = profile.namespaces();
            if (only != null && namespace.filter(only::contains).isEmpty()) {
                throw new ProfilesRefused(
                        Reason.NOT_ALLOWED,
                        "%s: security profile '%s' is not for pods of %s"
                                .formatted(
                                        where,
                                        profile.name(),
                                        namespace
                                                .map(name -> "namespace " + name)
                                                .orElse("no namespace")));
            }
            if (!profile.ready()) {
                throw new ProfilesRefused(
                        Reason.NOT_READY,
                        "%s: security profile '%s' is not in the network yet".formatted(where, profile.name()));
            }
        }
        Set<ProfileId> chosen = profiles.stream().map(Profile::id).collect(Collectors.toUnmodifiableSet());
        if (chosen.size() > MOST) {
            throw new ProfilesRefused(
                    Reason.TOO_MANY, "%s names more than %d security profiles".formatted(where, MOST));
        }
        return chosen;
    }
}
