package io.portolan.security.profile;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import io.portolan.kit.loop.TwoLooks;
import io.portolan.model.ClusterId;
import io.portolan.model.ProfileId;
import io.portolan.networks.Networks;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnSecurity;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.network.Trouble;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Makes the profiles of a cluster true, and mends what somebody changed of them. All of them at once, because they name each
 * other: one that the network does not have yet is made without rules first, so that the others' rules can speak of it.
 */
@Component
final class ProfileReconciler implements Reconciler<ClusterId> {
    private static final Logger log = LoggerFactory.getLogger(ProfileReconciler.class);
    private static final Duration REFUSED = Duration.ofSeconds(30);

    private final ProfileRepository repository;
    private final Profiles profiles;
    private final Clusters clusters;
    private final Networks networks;
    private final TwoLooks orphans;

    ProfileReconciler(
            ProfileRepository repository, Profiles profiles, Clusters clusters, Networks networks, TwoLooks orphans) {
        this.repository = repository;
        this.profiles = profiles;
        this.clusters = clusters;
        this.networks = networks;
        this.orphans = orphans;
    }

    @Override
    public Set<ClusterId> keys() {
        return repository.clusters().stream().map(ClusterId::new).collect(toSet());
    }

    @Override
    public Outcome reconcile(ClusterId key) {
        Optional<Cluster> cluster = clusters.find(key).filter(each -> !each.isDeleting());
        if (cluster.isEmpty()) {
            networks.forget(key);
            return Outcome.DONE;
        }
        try {
            return settle(cluster.get(), networks.of(cluster.get().target()).security());
        } catch (SdnFailure.Unavailable e) {
            Trouble trouble = Trouble.of(e);
            repository.waiting(key.value(), trouble.reason(), trouble.problem());
            return e.retryAfter().map(Outcome::again).orElseThrow(() -> e);
        }
    }

    private Outcome settle(Cluster cluster, SdnSecurity network) {
        Set<ProfileId> found = network.ownProfiles();
        List<Profile> wanted = profiles.of(cluster.id());
        sweep(cluster, network, found, wanted);
        Map<ProfileId, Trouble> troubles = new HashMap<>();
        wanted.stream().filter(Profile::isDeleting).forEach(profile -> delete(network, profile, troubles));
        List<Profile> lasting =
                wanted.stream().filter(profile -> !profile.isDeleting()).toList();
        lasting.stream()
                .filter(profile -> profile.group() != null)
                .forEach(profile -> look(network, profile, troubles));
        make(cluster, network, lasting, troubles);
        troubles.forEach((id, trouble) -> repository.troubled(id.value(), trouble.reason(), trouble.problem()));
        return troubles.isEmpty() ? Outcome.DONE : Outcome.again(REFUSED);
    }

    private void sweep(Cluster cluster, SdnSecurity network, Set<ProfileId> found, List<Profile> wanted) {
        Set<ProfileId> left = new HashSet<>(found);
        wanted.forEach(profile -> left.remove(profile.id()));
        for (ProfileId orphan : orphans.again(cluster.id(), left)) {
            try {
                network.deleteProfile(orphan);
                log.warn("Cluster {}: profile {} was in the network and in no ledger", cluster.name(), orphan);
            } catch (SdnFailure.Refused e) {
                log.warn(
                        "Cluster {}: profile {} is in no ledger and stays: {}", cluster.name(), orphan, e.getMessage());
            }
        }
    }

    private void delete(SdnSecurity network, Profile profile, Map<ProfileId, Trouble> troubles) {
        try {
            if (profile.group() == null) {
                network.deleteProfile(profile.id());
            }
            repository.delete(profile.id().value());
        } catch (SdnFailure.Refused e) {
            troubles.put(profile.id(), Trouble.of(e));
        }
    }

    private void look(SdnSecurity network, Profile profile, Map<ProfileId, Trouble> troubles) {
        try {
            String backendId = network.adopt(Objects.requireNonNull(profile.group()));
            repository.made(profile.id().value(), profile.revision(), backendId);
        } catch (SdnFailure.Refused e) {
            troubles.put(profile.id(), Trouble.of(e));
        }
    }

    private void make(Cluster cluster, SdnSecurity network, List<Profile> all, Map<ProfileId, Trouble> troubles) {
        Map<ProfileId, List<KeptRule>> rules = profiles.stored(cluster.id());
        List<Profile> own =
                all.stream().filter(profile -> profile.group() == null).toList();
        Map<ProfileId, String> ids = all.stream()
                .filter(profile -> profile.backendId() != null)
                .collect(toMap(Profile::id, profile -> Objects.requireNonNull(profile.backendId())));
        all.stream()
                .filter(profile -> profile.group() != null && !troubles.containsKey(profile.id()))
                .forEach(profile -> ids.put(profile.id(), Objects.requireNonNull(profile.group())));
        Set<ProfileId> named = rules.values().stream()
                .flatMap(List::stream)
                .map(KeptRule::remote)
                .filter(Objects::nonNull)
                .map(ProfileId::new)
                .collect(toSet());
        List<ProfileSpec> empty = own.stream()
                .filter(profile -> named.contains(profile.id()) && !ids.containsKey(profile.id()))
                .map(profile -> new ProfileSpec(profile.id(), profile.name(), List.of()))
                .toList();
        ids.putAll(ensure(network, empty, troubles));
        List<ProfileSpec> specs = own.stream()
                .filter(profile -> !troubles.containsKey(profile.id()))
                .flatMap(profile -> spec(profile, rules.getOrDefault(profile.id(), List.of()), ids, troubles).stream())
                .toList();
        Map<ProfileId, String> made = ensure(network, specs, troubles);
        own.stream()
                .filter(profile -> made.containsKey(profile.id()))
                .forEach(profile -> repository.made(
                        profile.id().value(), profile.revision(), Objects.requireNonNull(made.get(profile.id()))));
    }

    private static Optional<ProfileSpec> spec(
            Profile profile, List<KeptRule> kept, Map<ProfileId, String> ids, Map<ProfileId, Trouble> troubles) {
        List<ProfileSpec.Rule> rules = new ArrayList<>();
        for (KeptRule rule : kept) {
            ProfileSpec.Rule spec = rule.spec(ids);
            if (spec == null) {
                troubles.put(
                        profile.id(),
                        new Trouble("profile-not-ready", "the network does not have a profile that a rule names"));
                return Optional.empty();
            }
            rules.add(spec);
        }
        return Optional.of(new ProfileSpec(profile.id(), profile.name(), rules));
    }

    /** All at once; where one is refused, each by itself. */
    private static Map<ProfileId, String> ensure(
            SdnSecurity network, List<ProfileSpec> specs, Map<ProfileId, Trouble> troubles) {
        if (specs.isEmpty()) {
            return Map.of();
        }
        try {
            return network.ensureProfiles(specs);
        } catch (SdnFailure.Refused e) {
            if (specs.size() == 1) {
                troubles.put(specs.getFirst().id(), Trouble.of(e));
                return Map.of();
            }
        }
        Map<ProfileId, String> made = new HashMap<>();
        specs.forEach(spec -> made.putAll(ensure(network, List.of(spec), troubles)));
        return made;
    }
}
