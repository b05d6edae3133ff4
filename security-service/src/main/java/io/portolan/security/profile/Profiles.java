package io.portolan.security.profile;

import static java.util.stream.Collectors.toMap;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.edge.Tag;
import io.portolan.security.profile.ProfileRepository.PodRow;
import io.portolan.security.profile.ProfileRepository.UseRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Declares profiles, shows them, and marks them for deletion. */
@Component
public class Profiles {
    private static final int MOST = 256;
    private static final int MOST_A_SET = 8;
    private static final UUID FIRST = new UUID(0, 0);

    /** @param made whether it was not there before */
    record Declared(ProfileView profile, Tag tag, boolean made) {}

    /** A profile to be shown. */
    record Shown(ProfileView profile, Tag tag) {}

    private final Clusters clusters;
    private final ProfileRepository profiles;

    Profiles(Clusters clusters, ProfileRepository profiles) {
        this.clusters = clusters;
        this.profiles = profiles;
    }

    /** By name. */
    public List<Profile> of(ClusterId cluster) {
        return profiles.findByClusterIdOrderByName(cluster.value());
    }

    /**
     * The set that these names, ids and adopted groups' ids mean, in the ledger's order. The caller is in a transaction that
     * locks the cluster's profiles.
     */
    public List<ProfileId> set(ClusterId cluster, String field, List<String> references) {
        List<Profile> all = of(cluster);
        List<ProfileId> set = new ArrayList<>();
        for (int i = 0; i < references.size(); i++) {
            set.add(named(all, "%s[%d]".formatted(field, i), references.get(i)).id());
        }
        List<ProfileId> distinct = set.stream().distinct().sorted().toList();
        if (distinct.size() > MOST_A_SET) {
            throw new ProfileRefused.TooMany(field, distinct.size(), MOST_A_SET);
        }
        return distinct;
    }

    private static Profile named(List<Profile> all, String field, String reference) {
        return all.stream()
                .filter(profile -> !profile.isDeleting() && profile.isCalled(reference))
                .findFirst()
                .orElseThrow(() -> new ProfileRefused.Unknown(field, reference));
    }

    /** Before anything is asked of the network: what it is now, where it is. */
    @Transactional(readOnly = true)
    public Optional<Profile> find(ClusterId cluster, String name) {
        return profiles.findByClusterIdAndName(cluster.value(), name);
    }

    @Transactional
    Declared write(
            Cluster cluster,
            String name,
            ProfileClaim claim,
            @Nullable String group,
            List<Rule> rules,
            @Nullable String ifMatch) {
        clusters.lockAlone(cluster.id());
        UUID id = cluster.id().value();
        Optional<Profile> before = profiles.findByClusterIdAndName(id, name);
        Tag.check(ifMatch, before.map(Profile::tag).orElse(null));
        String description = Objects.requireNonNullElse(claim.description(), "");
        List<String> namespaces = claim.namespaces() == null
                ? null
                : claim.namespaces().stream().sorted().toList();
        String words = namespaces == null ? null : String.join(" ", namespaces);
        UUID profile = before.map(p -> p.id().value()).orElseGet(UUID::randomUUID);
        boolean same = before.map(there -> check(there, group)
                        && there.isDeclaredAs(description, namespaces)
                        && stored(cluster.id())
                                .getOrDefault(there.id(), List.of())
                                .equals(resolved(cluster.id(), there.id(), name, rules)))
                .orElse(false);
        if (!same) {
            List<KeptRule> resolved = resolved(cluster.id(), new ProfileId(profile), name, rules);
            if (before.isPresent()) {
                profiles.change(profile, description, words);
                profiles.deleteRules(profile);
            } else {
                if (group != null) {
                    profiles.findByClusterIdAndAdoptedGroup(id, group).ifPresent(other -> {
                        throw new ProfileRefused.GroupTaken(group, other.name());
                    });
                }
                profiles.insert(profile, id, name, description, group, words);
            }
            profiles.insertRules(profile, KeptRule.json(resolved));
        }
        Shown shown = shown(cluster, name);
        return new Declared(shown.profile(), shown.tag(), before.isEmpty());
    }

    private static boolean check(Profile before, @Nullable String group) {
        if (before.isDeleting()) {
            throw new ProfileRefused.Deleting(before.name());
        }
        if (!Objects.equals(before.group(), group)) {
            throw new ProfileRefused.Immutable();
        }
        return true;
    }

    /** With the ids of profiles that rules name; a profile may name itself before it is there. */
    private List<KeptRule> resolved(ClusterId cluster, ProfileId self, String name, List<Rule> rules) {
        List<Profile> all = of(cluster);
        List<KeptRule> resolved = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            ProfileId remote = null;
            if (rules.get(i).remote() instanceof Rule.Remote.Profile(String reference)) {
                remote = reference.equals(name)
                        ? self
                        : named(all, "rules[%d].remote.profile".formatted(i), reference)
                                .id();
            }
            resolved.add(KeptRule.of(i, rules.get(i), remote));
        }
        return resolved;
    }

    /** Of all profiles of the cluster. */
    Map<ProfileId, List<KeptRule>> stored(ClusterId cluster) {
        Map<ProfileId, List<KeptRule>> kept = new HashMap<>();
        for (ProfileRepository.RuleRow row : profiles.rules(cluster.value())) {
            List<KeptRule> list = kept.computeIfAbsent(new ProfileId(row.getProfile()), key -> new ArrayList<>());
            list.add(KeptRule.of(list.size(), row));
        }
        return kept;
    }

    ProfileView.Page page(ClusterName clusterName, @Nullable String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        ClusterId cluster = clusters.named(clusterName).id();
        List<Profile> all = profiles.findByClusterIdAndNameGreaterThanOrderByName(
                cluster.value(), Objects.requireNonNullElse(cursor, ""), Limit.of(limit + 1));
        Map<ProfileId, String> names = names(cluster);
        Map<ProfileId, List<KeptRule>> rules = stored(cluster);
        List<ProfileView> some = all.stream()
                .limit(limit)
                .map(profile -> view(profile, rules, names))
                .toList();
        return new ProfileView.Page(some, all.size() > limit ? some.getLast().name() : null);
    }

    private Map<ProfileId, String> names(ClusterId cluster) {
        return of(cluster).stream().collect(toMap(Profile::id, Profile::name));
    }

    private static ProfileView view(
            Profile profile, Map<ProfileId, List<KeptRule>> rules, Map<ProfileId, String> names) {
        return profile.view(rules.getOrDefault(profile.id(), List.of()).stream()
                .map(rule -> rule.claim(names))
                .toList());
    }

    @Transactional(readOnly = true)
    Shown show(ClusterName clusterName, String name) {
        return shown(clusters.named(clusterName), name);
    }

    private Shown shown(Cluster cluster, String name) {
        Profile profile = there(cluster, name);
        return new Shown(view(profile, stored(cluster.id()), names(cluster.id())), profile.tag());
    }

    private Profile there(Cluster cluster, String name) {
        return profiles.findByClusterIdAndName(cluster.id().value(), name)
                .orElseThrow(() -> new ProfileRefused.NotThere(cluster.name(), name));
    }

    @Transactional(readOnly = true)
    ProfileUsage usage(ClusterName clusterName, String name, @Nullable String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        Cluster cluster = clusters.named(clusterName);
        UUID profile = there(cluster, name).id().value();
        UUID after = cursor == null ? FIRST : PortId.parse(cursor).value();
        UseRow use = profiles.use(cluster.id().value(), profile);
        List<PodRow> rows = profiles.pods(profile, after, limit + 1);
        return new ProfileUsage(
                use.getPorts(),
                use.getNodes(),
                use.getIsDefault(),
                words(use.getPools()),
                words(use.getRules()),
                rows.stream()
                        .limit(limit)
                        .map(row -> new ProfileUsage.UsingPod(
                                new PodRef(row.getNamespace(), row.getName(), row.getUid()),
                                new PortId(row.getPort()),
                                new NodeId(row.getNode())))
                        .toList(),
                rows.size() > limit ? rows.get(limit - 1).getPort().toString() : null);
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    /** What is not there, or is being deleted, is left at that. */
    @Transactional
    void delete(ClusterName clusterName, String name, @Nullable String ifMatch) {
        Optional<Cluster> cluster = clusters.find(clusterName);
        if (cluster.isEmpty()) {
            return;
        }
        UUID id = cluster.get().id().value();
        clusters.lockAlone(cluster.get().id());
        Optional<Profile> there = profiles.findByClusterIdAndName(id, name);
        Tag.check(ifMatch, there.map(Profile::tag).orElse(null));
        if (there.isEmpty() || there.get().isDeleting()) {
            return;
        }
        UUID profile = there.get().id().value();
        refuseUsed(name, profiles.use(id, profile));
        profiles.markDeleting(profile);
    }

    private static void refuseUsed(String name, UseRow use) {
        List<String> usedBy = Stream.of(
                        use.getPorts() == 0 ? Stream.<String>of() : Stream.of("%d ports".formatted(use.getPorts())),
                        use.getIsDefault() ? Stream.of("the cluster's defaults") : Stream.<String>of(),
                        words(use.getPools()).stream().map(pool -> "pool " + pool),
                        words(use.getRules()).stream().map(rule -> "rules of profile " + rule))
                .flatMap(each -> each)
                .toList();
        if (!usedBy.isEmpty()) {
            throw new ProfileRefused.InUse(name, use.getPorts(), usedBy);
        }
    }
}
