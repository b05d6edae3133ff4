package io.portolan.sdn.neutron;

import io.portolan.model.ProfileId;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.SecurityGroup;
import io.portolan.sdn.neutron.Narrowed.Policy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The project's security groups as one look saw them, and what they are to us.
 *
 * @param policies by the policy; of several the oldest comes first
 * @param sets by what they are for, as their tags say; of several the oldest comes first
 * @param unnamed made for a set, and without the tags that say for which
 */
record Groups(
        NeutronApi api,
        Map<String, SecurityGroup> all,
        List<SecurityGroup> profiles,
        Map<ProfileId, List<SecurityGroup>> policies,
        Map<PortSet, List<SecurityGroup>> sets,
        List<SecurityGroup> unnamed) {

    static Groups look(NeutronApi api, Mark mark) {
        Groups look = new Groups(
                api,
                new HashMap<>(),
                new ArrayList<>(),
                new LinkedHashMap<>(),
                new LinkedHashMap<>(),
                new ArrayList<>());
        for (SecurityGroup group :
                Closing.oldestFirst(api.list(Kind.SECURITY_GROUP, Query.by("project_id", api.project())))) {
            look.all.put(group.id(), group);
            mark.read(group).ifPresent(key -> look.add(key, group));
        }
        return look;
    }

    private void add(Mark.Key key, SecurityGroup group) {
        if (key.kind() == Mark.Kind.PROFILE) {
            profiles.add(group);
        } else if (key.kind() == Mark.Kind.POLICY) {
            policies.computeIfAbsent(new ProfileId(key.id()), id -> new ArrayList<>())
                    .add(group);
        } else if (key.kind() == Mark.Kind.SET) {
            PortSet set = new PortSet(group.tagged());
            if (set.id().equals(key.id())) {
                sets.computeIfAbsent(set, same -> new ArrayList<>()).add(group);
            } else {
                unnamed.add(group);
            }
        }
    }

    /** Also one of another project that is shared with ours. */
    private Optional<SecurityGroup> find(String id) {
        SecurityGroup known = all.get(id);
        return known == null ? api.find(Kind.SECURITY_GROUP, id) : Optional.of(known);
    }

    /** What the members of a set let through together; empty where one of them is not there. */
    Optional<Narrowed> narrowed(PortSet set, Collection<GroupRule> free) {
        List<GroupRule> rules = new ArrayList<>();
        List<Policy> narrowing = new ArrayList<>();
        for (String member : set.members()) {
            Optional<SecurityGroup> group = find(PortSet.isPolicy(member) ? PortSet.group(member) : member);
            if (group.isEmpty()) {
                return Optional.empty();
            }
            List<GroupRule> said =
                    group.get().rules().stream().map(GroupRule::of).toList();
            if (!PortSet.isPolicy(member)) {
                rules.addAll(said);
            } else {
                Set<String> isolates = group.get().tagged();
                narrowing.add(isolates.isEmpty() ? Policy.shut() : new Policy(isolates, said));
            }
        }
        return Optional.of(Narrowed.of(rules, narrowing, free));
    }

    /** With those who are in a group as part of a set: their ports are in the set's group only. */
    Set<GroupRule> withSets(Collection<GroupRule> rules) {
        Set<GroupRule> all = new LinkedHashSet<>(rules);
        for (GroupRule rule : rules) {
            String group = rule.group();
            if (group != null) {
                sets.forEach((set, groups) -> {
                    if (set.members().contains(group)) {
                        all.add(rule.of(groups.getFirst().id()));
                    }
                });
            }
        }
        return all;
    }

    /** What sets name this member. */
    List<SecurityGroup> setsOf(String member) {
        return sets.entrySet().stream()
                .filter(set -> set.getKey().members().contains(member))
                .flatMap(set -> set.getValue().stream())
                .toList();
    }

    /** What a port in these groups is in, by backend ids; what is no set of ours as it is. */
    Set<String> members(List<String> groups) {
        if (groups.size() == 1) {
            String only = Objects.requireNonNull(groups.getFirst());
            for (Map.Entry<PortSet, List<SecurityGroup>> set : sets.entrySet()) {
                if (set.getValue().stream().anyMatch(group -> group.id().equals(only))) {
                    return set.getKey().members();
                }
            }
        }
        return Set.copyOf(groups);
    }
}
