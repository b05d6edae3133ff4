package io.portolan.sdn.ovn;

import static java.util.Objects.requireNonNull;

import io.portolan.model.ProfileId;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurity.Binding;
import io.portolan.sdn.ovn.IdlePairs.Pair;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.Northbound.Change;
import io.portolan.sdn.ovn.PolicyRows.Policy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Policies in the database ({@link PolicyRows}), and what follows for them from a change of profiles or of memberships.
 *
 * <p>With which profiles a policy is written out grows with the first port that is in both, in the same transaction, and shrinks when
 * two looks found no such port ({@link #tidy}): a row too many matches nothing. A write of a policy rests on the group's marks and on the rules of the profiles that it is written out with; so whoever puts a
 * port in both, changes the policy or changes the profile at the same time looks again.
 */
record PolicyGroups(Northbound northbound, Mark mark, PolicyRows rows, IdlePairs idle) {
    private static final List<String> COLUMNS = List.of("_uuid", "name", AclRows.REFERENCES, Mark.COLUMN);

    Map<ProfileId, String> ensure(Collection<PolicySpec> specs) {
        Map<ProfileId, PolicySpec> wanted = new LinkedHashMap<>();
        specs.forEach(spec -> wanted.put(spec.id(), spec));
        Map<ProfileId, String> names = new HashMap<>();
        wanted.keySet().forEach(id -> names.put(id, PolicyRows.name(id)));
        return northbound.settle("making network policies", () -> {
            List<Row> all = groups();
            Map<ProfileId, List<Row>> there = policies(all);
            Map<ProfileId, Policy> policies = new LinkedHashMap<>();
            wanted.forEach((id, spec) -> policies.put(
                    id,
                    new Policy(
                            id,
                            PolicyRows.rules(spec),
                            there.getOrDefault(id, List.of()).stream()
                                    .limit(1)
                                    .flatMap(row -> rows.policy(row).stream())
                                    .flatMap(policy -> policy.with().stream())
                                    .collect(Collectors.toSet()))));
            List<Operation> operations = new ArrayList<>(sets(wanted));
            operations.addAll(write(policies, there, all, Map.of()));
            return new Change<>(operations, Map.copyOf(names));
        });
    }

    /** Takes back what is written out for profiles and policies that have had no port in common since the last look. */
    void tidy() {
        if (!idle.due()) {
            return;
        }
        Set<Pair> before = idle.last();
        Set<Pair> found = northbound.settle("taking back what no port is in", () -> {
            List<Row> all = northbound.read(new Operation.Select(
                    PolicyRows.TABLE,
                    List.of(mark.any()),
                    Stream.concat(COLUMNS.stream(), Stream.of(ProfileRows.MEMBERS))
                            .toList()));
            Map<ProfileId, List<Row>> there = policies(all);
            Map<ProfileId, Set<UUID>> members = new HashMap<>();
            all.forEach(row -> mark.keyOf(row)
                    .filter(key -> key.kind() == Kind.PROFILE)
                    .ifPresent(key -> members.computeIfAbsent(new ProfileId(key.id()), id -> new HashSet<>())
                            .addAll(row.uuids(ProfileRows.MEMBERS))));
            Set<Pair> pairs = new HashSet<>();
            Map<ProfileId, Policy> shrinking = new LinkedHashMap<>();
            List<Operation> operations = new ArrayList<>();
            there.forEach((id, same) -> {
                Row first = same.getFirst();
                Policy policy = rows.policy(first).orElseThrow();
                Policy less = policy;
                for (ProfileId profile : policy.with()) {
                    Pair pair = new Pair(id, profile);
                    if (Collections.disjoint(
                            first.uuids(ProfileRows.MEMBERS), members.getOrDefault(profile, Set.of()))) {
                        pairs.add(pair);
                        less = before.contains(pair) ? less.without(profile) : less;
                    }
                }
                if (!less.equals(policy)) {
                    shrinking.put(id, less);
                    operations.add(Northbound.unchanged(PolicyRows.TABLE, first, List.of(ProfileRows.MEMBERS)));
                }
            });
            operations.addAll(write(shrinking, there, all, Map.of()));
            return new Change<>(operations, Set.copyOf(pairs));
        });
        idle.saw(found);
    }

    private List<Row> groups() {
        return northbound.read(new Operation.Select(PolicyRows.TABLE, List.of(mark.any()), COLUMNS));
    }

    /** Groups of policies by what they stand for; the one that we made comes first. */
    private Map<ProfileId, List<Row>> policies(List<Row> groups) {
        Map<ProfileId, List<Row>> policies = new TreeMap<>();
        groups.forEach(row -> rows.policy(row)
                .ifPresent(policy -> policies.computeIfAbsent(policy.id(), same -> new ArrayList<>())
                        .add(row)));
        policies.replaceAll((id, same) -> NodeRows.oursFirst(same, Key.policy(id)));
        return policies;
    }

    private List<Operation> sets(Map<ProfileId, PolicySpec> wanted) {
        Map<UUID, Row> should = new LinkedHashMap<>();
        wanted.values().forEach(spec -> should.putAll(rows.sets(spec)));
        List<Operation> operations = new ArrayList<>();
        Set<UUID> found = new HashSet<>();
        for (Row set : sets()) {
            Row row = should.get(set.id());
            if (row != null) {
                found.add(set.id());
                operations.addAll(Northbound.mend(PolicyRows.ADDRESSES, set, row));
            } else if (wanted.keySet().stream().anyMatch(id -> isOf(set, id))) {
                operations.add(Operation.delete(PolicyRows.ADDRESSES, Condition.row(set.id()), mark.any()));
            }
        }
        should.forEach((id, row) -> {
            if (!found.contains(id)) {
                operations.add(Operation.insert(PolicyRows.ADDRESSES, row).withId(id));
            }
        });
        return operations;
    }

    private List<Row> sets() {
        return northbound
                .read(new Operation.Select(
                        PolicyRows.ADDRESSES, List.of(mark.any()), List.of("_uuid", "name", "addresses", Mark.COLUMN)))
                .stream()
                .filter(row -> mark.keyOf(row)
                        .filter(key -> key.kind() == Kind.POLICY_ADDRESSES)
                        .isPresent())
                .toList();
    }

    private static boolean isOf(Row set, ProfileId policy) {
        return policy.toString().equals(set.stringMap(Mark.COLUMN).get(PolicyRows.POLICY));
    }

    /**
     * What is missing for these policies to be so.
     *
     * @param all groups of the cluster
     * @param changing the rules that profiles are about to have, where they are not those in the database
     */
    private List<Operation> write(
            Map<ProfileId, Policy> policies,
            Map<ProfileId, List<Row>> there,
            List<Row> all,
            Map<ProfileId, List<Row>> changing) {
        Set<ProfileId> with = new HashSet<>();
        policies.values().forEach(policy -> with.addAll(policy.with()));
        with.removeAll(changing.keySet());
        Map<ProfileId, Row> profiles = new LinkedHashMap<>();
        all.forEach(row -> mark.keyOf(row)
                .filter(key -> key.kind() == Kind.PROFILE && key.row().equals(row.id()))
                .map(key -> new ProfileId(key.id()))
                .filter(with::contains)
                .ifPresent(id -> profiles.put(id, row)));
        Map<ProfileId, List<Row>> rules = new HashMap<>(rules(profiles));
        rules.putAll(changing);
        Map<ProfileId, Map<UUID, Row>> wanted = new LinkedHashMap<>();
        Set<UUID> interesting = new HashSet<>();
        policies.forEach((id, policy) -> {
            Map<UUID, Row> acls = rows.acls(policy, rules);
            wanted.put(id, acls);
            interesting.addAll(acls.keySet());
            there.getOrDefault(id, List.of()).forEach(row -> interesting.addAll(row.uuids(AclRows.REFERENCES)));
        });
        Map<UUID, Row> found = AclRows.read(northbound, interesting);
        List<Operation> operations = new ArrayList<>();
        wanted.forEach((id, acls) -> operations.addAll(
                group(requireNonNull(policies.get(id)), acls, there.getOrDefault(id, List.of()), found)));
        if (!operations.isEmpty()) {
            profiles.values()
                    .forEach(row -> operations.addFirst(
                            Northbound.unchanged(PolicyRows.TABLE, row, List.of(AclRows.REFERENCES, Mark.COLUMN))));
        }
        return operations;
    }

    /** What the database has of them. */
    private Map<ProfileId, List<Row>> rules(Map<ProfileId, Row> profiles) {
        Set<UUID> ids = new HashSet<>();
        profiles.values().forEach(row -> ids.addAll(row.uuids(AclRows.REFERENCES)));
        Map<UUID, Row> found = AclRows.read(northbound, ids);
        Map<ProfileId, List<Row>> rules = new HashMap<>();
        profiles.forEach((id, row) -> rules.put(
                id,
                row.uuids(AclRows.REFERENCES).stream()
                        .sorted()
                        .filter(found::containsKey)
                        .map(found::get)
                        .toList()));
        return rules;
    }

    private List<Operation> group(Policy policy, Map<UUID, Row> wanted, List<Row> same, Map<UUID, Row> found) {
        List<Operation> operations = new ArrayList<>();
        Row group = rows.group(policy);
        if (same.isEmpty()) {
            wanted.forEach((acl, row) ->
                    operations.add(Operation.insert(AclRows.TABLE, row).withId(acl)));
            operations.add(Operation.insert(PolicyRows.TABLE, ProfileRows.withAcls(group, wanted))
                    .withId(Key.policy(policy.id()).row()));
            return operations;
        }
        Row first = same.getFirst();
        Set<UUID> gone = new HashSet<>(first.uuids(AclRows.REFERENCES));
        gone.removeAll(wanted.keySet());
        operations.addAll(AclRows.onHolder(PolicyRows.TABLE, first, wanted, found, gone));
        operations.addAll(Northbound.mend(PolicyRows.TABLE, first, group));
        same.stream()
                .skip(1)
                .forEach(extra ->
                        operations.add(Operation.delete(PolicyRows.TABLE, Condition.row(extra.id()), mark.any())));
        return operations;
    }

    /** What follows for policies when profiles get these rules, or none any more. */
    List<Operation> following(List<Row> all, Map<ProfileId, List<Row>> changing, Optional<ProfileId> gone) {
        Map<ProfileId, List<Row>> there = policies(all);
        Map<ProfileId, Policy> concerned = new LinkedHashMap<>();
        there.forEach((id, same) -> rows.policy(same.getFirst())
                .filter(policy -> policy.with().stream()
                        .anyMatch(profile -> changing.containsKey(profile)
                                || gone.filter(profile::equals).isPresent()))
                .ifPresent(policy -> concerned.put(id, gone.map(policy::without).orElse(policy))));
        return concerned.isEmpty() ? List.of() : write(concerned, there, all, changing);
    }

    /** Holds while no policy is made or changed. */
    List<Operation> unchanged(List<Row> all) {
        return all.stream()
                .filter(row -> rows.policy(row).isPresent())
                .map(row -> Northbound.unchanged(PolicyRows.TABLE, row, List.of(Mark.COLUMN)))
                .toList();
    }

    /** What is missing for the policies that bindings name to narrow the profiles that they are named with. */
    List<Operation> narrowing(Collection<Binding> bindings) {
        Map<ProfileId, Set<ProfileId>> together = new LinkedHashMap<>();
        for (Binding binding : bindings) {
            Set<ProfileId> profiles = named(binding, Kind.PROFILE);
            named(binding, Kind.NETWORK_POLICY)
                    .forEach(policy -> together.computeIfAbsent(policy, key -> new HashSet<>())
                            .addAll(profiles));
        }
        if (together.isEmpty()) {
            return List.of();
        }
        List<Row> all = groups();
        Map<ProfileId, List<Row>> there = policies(all);
        Map<ProfileId, Policy> growing = new LinkedHashMap<>();
        together.forEach((id, profiles) -> {
            Row first = there.getOrDefault(id, List.of()).stream()
                    .findFirst()
                    .orElseThrow(
                            () -> new Refused(Reason.NOT_FOUND, "there is no network policy " + PolicyRows.name(id)));
            rows.policy(first)
                    .filter(policy -> !policy.with().containsAll(profiles))
                    .ifPresent(policy -> growing.put(id, policy.also(profiles)));
        });
        return growing.isEmpty() ? List.of() : write(growing, there, all, Map.of());
    }

    private static Set<ProfileId> named(Binding binding, Kind kind) {
        return binding.profiles().stream()
                .flatMap(name -> PolicyRows.keyOf(name).stream())
                .filter(key -> key.kind() == kind)
                .map(key -> new ProfileId(key.id()))
                .collect(Collectors.toSet());
    }

    Set<ProfileId> own() {
        return Set.copyOf(policies(groups()).keySet());
    }

    void delete(ProfileId id) {
        northbound.settle("deleting network policy " + id, () -> {
            List<Row> found = northbound.read(new Operation.Select(
                    PolicyRows.TABLE,
                    List.of(mark.is(Key.policy(id))),
                    List.of("_uuid", "name", ProfileRows.MEMBERS, Mark.COLUMN)));
            List<Operation> operations = new ArrayList<>();
            for (Row row : found) {
                int members = row.uuids(ProfileRows.MEMBERS).size();
                if (members > 0) {
                    throw new Refused(Reason.IN_USE, "%d ports are in network policy %s".formatted(members, id));
                }
                operations.add(Northbound.unchanged(PolicyRows.TABLE, row, List.of(ProfileRows.MEMBERS, Mark.COLUMN)));
                operations.add(Operation.delete(PolicyRows.TABLE, Condition.row(row.id())));
            }
            sets().stream()
                    .filter(set -> isOf(set, id))
                    .forEach(set -> operations.add(
                            Operation.delete(PolicyRows.ADDRESSES, Condition.row(set.id()), mark.any())));
            return new Change<>(operations, true);
        });
    }

    /** For a cluster that is taken down. */
    void delete() {
        northbound.settle("deleting the cluster's network policies", () -> {
            List<Operation> operations = new ArrayList<>();
            groups().stream()
                    .filter(row -> rows.policy(row).isPresent())
                    .forEach(row ->
                            operations.add(Operation.delete(PolicyRows.TABLE, Condition.row(row.id()), mark.any())));
            sets().forEach(set ->
                    operations.add(Operation.delete(PolicyRows.ADDRESSES, Condition.row(set.id()), mark.any())));
            return new Change<>(operations, true);
        });
    }
}
