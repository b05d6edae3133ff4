package io.portolan.security.enforcement;

import static java.util.stream.Collectors.joining;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.ProfileId;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.edge.Tag;
import io.portolan.security.policy.Policies;
import io.portolan.security.profile.Profiles;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Declares that a cluster's ports are closed unless they are in a profile, tells, and takes it back. */
@Component
public class Securities {
    /** @param made whether it was not there before */
    record Declared(SecurityView security, Tag tag, boolean made) {}

    private static final String SECRET = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?";

    private final Clusters clusters;
    private final Profiles profiles;
    private final SecurityRepository securities;
    private final Policies policies;

    Securities(Clusters clusters, Profiles profiles, SecurityRepository securities, Policies policies) {
        this.policies = policies;
        this.clusters = clusters;
        this.profiles = profiles;
        this.securities = securities;
    }

    /** Where a cluster's ports are closed unless bound; empty also while that is being taken back. */
    public Optional<Security> enforced(ClusterId cluster) {
        return securities.findById(cluster.value()).filter(security -> !security.isDeleting());
    }

    private static @Nullable String secret(SecurityClaim claim) {
        String secret = claim.networkPolicies() == null
                ? null
                : claim.networkPolicies().kubernetes().secretRef();
        if (secret != null && !secret.matches(SECRET)) {
            throw new Invalid("networkPolicies.kubernetes.secretRef", "'%s' is no name of a secret".formatted(secret));
        }
        return secret;
    }

    @Transactional
    Declared declare(ClusterName name, SecurityClaim claim, @Nullable String ifMatch) {
        String secret = secret(claim);
        Cluster cluster = clusters.lasting(name);
        UUID id = cluster.id().value();
        clusters.lockAlone(cluster.id());
        Optional<Security> before = securities.findById(id);
        Tag.check(ifMatch, before.map(Security::tag).orElse(null));
        if (before.filter(Security::isDeleting).isPresent()) {
            throw new SecurityRefused.Deleting(name);
        }
        List<ProfileId> defaults = profiles.set(
                cluster.id(), "defaultProfiles", Objects.requireNonNullElse(claim.defaultProfiles(), List.of()));
        if (before.filter(security -> security.defaultProfiles().equals(defaults)
                        && Objects.equals(security.networkPolicies(), claim.networkPolicies()))
                .isEmpty()) {
            securities.put(
                    id,
                    defaults.stream().map(ProfileId::toString).collect(joining(" ")),
                    claim.networkPolicies() != null,
                    secret);
        }
        Security now = securities.findById(id).orElseThrow();
        return new Declared(now.view(name, policies.stand(cluster.id())), now.tag(), before.isEmpty());
    }

    Declared show(ClusterName name) {
        ClusterId cluster = clusters.named(name).id();
        Security security =
                securities.findById(cluster.value()).orElseThrow(() -> new SecurityRefused.NotDeclared(name));
        return new Declared(security.view(name, policies.stand(cluster)), security.tag(), false);
    }

    /** What is not there, or is being deleted, is left at that. */
    @Transactional
    void delete(ClusterName name, boolean force, @Nullable String ifMatch) {
        Optional<Cluster> cluster = clusters.find(name);
        if (cluster.isEmpty()) {
            return;
        }
        UUID id = cluster.get().id().value();
        clusters.lockAlone(cluster.get().id());
        Optional<Security> there = securities.findById(id);
        Tag.check(ifMatch, there.map(Security::tag).orElse(null));
        if (there.filter(security -> !security.isDeleting()).isEmpty()) {
            return;
        }
        long bound = securities.bound(id);
        if (bound > 0 && !force) {
            throw new SecurityRefused.ProfilesBound(bound);
        }
        securities.markDeleting(id);
    }
}
