package io.portolan.agent.security;

import io.portolan.agent.security.ProfilesRefused.Reason;
import io.portolan.model.ProfileId;
import io.portolan.model.api.NodeSecurity;
import io.portolan.model.api.NodeSecurity.Profile;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which profiles a pod has: those of its annotation, else of its label, else of its namespace's annotation, else the cluster's
 * default ones. The first that says anything decides; what it says wrongly is refused, and never made up for by the next.
 */
final class ProfileChoice {
    static final String ANNOTATION = "portolan.io/security-profiles";
    static final String LABEL = "portolan.io/security-profile";

    /** Of one pod. */
    static final int MOST = 8;

    private static final int LONGEST_TOLD = 60;
    private static final String NAME = "[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?";

    /** What is said of a pod. */
    record Said(
            @Nullable String annotation,
            @Nullable String label,
            @Nullable String namespaceAnnotation) {
        static final Said NOTHING = new Said(null, null, null);
    }

    private final NodeSecurity catalogue;
    private final Optional<String> namespace;

    /** @param namespace the pod's; none for what is no pod of Kubernetes */
    ProfileChoice(NodeSecurity catalogue, Optional<String> namespace) {
        this.catalogue = catalogue;
        this.namespace = namespace;
    }

    /** @throws ProfilesRefused naming the profile, and where it is named */
    Set<ProfileId> of(Said said) {
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
