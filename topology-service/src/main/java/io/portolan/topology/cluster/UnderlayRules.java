package io.portolan.topology.cluster;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.Mode;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What underlay mode adds to the rules: who we are in the cloud is required, and what names a thing of the cloud has no
 * meaning elsewhere.
 *
 * <p>What was misspelt can be mended: the external network until there is a router on it, the network of the subnets until
 * a node sits there, the nesting until a way was chosen.
 */
final class UnderlayRules {
    private UnderlayRules() {}

    static void check(ClusterSpec spec) {
        if (spec.mode() == Mode.UNDERLAY) {
            if (spec.backend().secretRef() == null) {
                throw new Invalid(
                        "backend.secretRef", "secretRef is required in underlay mode: it names the cloud's credential");
            }
            checkName("externalNetwork", spec.externalNetwork());
            checkName("network", spec.network());
        } else {
            refuse("externalNetwork", spec.externalNetwork());
            refuse("network", spec.network());
            refuse("nesting", spec.nesting());
        }
    }

    private static void checkName(String field, @Nullable String name) {
        if (name != null && !name.strip().matches("[^\\p{Cntrl}]{1,255}")) {
            throw new Invalid(field, "a network's name or id has 1 to 255 characters");
        }
    }

    private static void refuse(String field, @Nullable Object value) {
        if (value != null) {
            throw new ClusterRefused.NotSupported(field, field + " has a meaning in underlay mode only");
        }
    }

    static void checkChange(Cluster before, ClusterSpec after, boolean hasNodes) {
        String external = before.externalNetwork();
        if (before.routerId() != null && external != null && !external.equals(after.externalNetwork())) {
            throw ClusterRules.immutable("externalNetwork", external);
        }
        if (hasNodes && !Objects.equals(before.network(), after.network())) {
            throw ClusterRules.immutable(
                    "network", Objects.requireNonNullElse(before.network(), "a network of each node's own"));
        }
        ClusterSpec.Nesting nesting = after.nesting();
        if (nesting != null && before.nesting().isPresent()) {
            ClusterSpec.Nesting chosen = ClusterSpec.Nesting.of(before.nesting().get());
            if (nesting != ClusterSpec.Nesting.AUTO && nesting != chosen) {
                throw ClusterRules.immutable("nesting", chosen.text().toLowerCase(Locale.ROOT));
            }
        }
    }
}
