package io.portolan.sdn.ovn;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Remote;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.ovn.Northbound.Change;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Profiles as port groups ({@link ProfileRows}), narrowed by policies ({@link PolicyGroups}), on switches that are closed ({@link Closures}).
 *
 * <p>A write that nodes have to carry out adds one to {@code NB_Global:nb_cfg} in its own transaction and answers the number.
 * northd copies it to the southbound database together with what it made of the write, and every ovn-controller writes it
 * into its own integration bridge ({@code external_ids:ovn-nb-cfg}) when its flows are at it; so a node finds out by itself,
 * and the southbound database is not asked. The price is a write of every chassis' row for each mark.
 */
record OvnSecurity(
        Northbound northbound,
        Mark mark,
        ProfileRows rows,
        PolicyGroups policies,
        Closures closures,
        Memberships memberships)
        implements SdnSecurity {
    private static final String GLOBAL = "NB_Global";
    private static final String NUMBER = "nb_cfg";
    private static final Abilities ABILITIES = new Abilities(false, true, true, true, 32);

    @Override
    public Abilities abilities() {
        return ABILITIES;
    }

    @Override
    public Map<ProfileId, String> ensureProfiles(Collection<ProfileSpec> specs) {
        Map<ProfileId, ProfileSpec> wanted = new LinkedHashMap<>();
        specs.forEach(spec -> wanted.put(spec.id(), spec));
        Map<ProfileId, String> names = new HashMap<>();
        wanted.keySet().forEach(id -> names.put(id, ProfileRows.name(id)));
        return northbound.settle("making security profiles", () -> {
            List<Row> all = rows.all();
            Map<ProfileId, List<Row>> there = groups(all);
            Map<ProfileId, Map<UUID, Row>> acls = new LinkedHashMap<>();
            wanted.values().forEach(spec -> acls.put(spec.id(), rows.acls(spec)));
            Map<UUID, Row> found = AclRows.read(northbound, interesting(there, acls));
            List<Operation> operations = new ArrayList<>();
            acls.forEach((id, rules) -> operations.addAll(group(id, rules, there.getOrDefault(id, List.of()), found)));
            Map<ProfileId, List<Row>> rules = new HashMap<>();
            acls.forEach((id, each) -> rules.put(id, List.copyOf(each.values())));
            operations.addAll(policies.following(all, rules, Optional.empty()));
            List<Operation> guards = remotes(wanted.values(), there);
            if (!operations.isEmpty()) {
                operations.addAll(0, guards);
                operations.addAll(0, policies.unchanged(all));
            }
            return new Change<>(operations, Map.copyOf(names));
        });
    }

    /** Groups of ours by what they stand for; the one that we made comes first. */
    private Map<ProfileId, List<Row>> groups(List<Row> all) {
        Map<ProfileId, List<Row>> groups = new TreeMap<>();
        all.forEach(row -> rows.profile(row)
                .ifPresent(id ->
                        groups.computeIfAbsent(id, same -> new ArrayList<>()).add(row)));
        groups.replaceAll((id, same) -> NodeRows.oursFirst(same, Key.profile(id)));
        return groups;
    }

    private static Set<UUID> interesting(Map<ProfileId, List<Row>> there, Map<ProfileId, Map<UUID, Row>> acls) {
        Set<UUID> ids = new HashSet<>();
        acls.forEach((id, wanted) -> {
            ids.addAll(wanted.keySet());
            there.getOrDefault(id, List.of()).forEach(row -> ids.addAll(row.uuids(AclRows.REFERENCES)));
        });
        return ids;
    }

    /** A group's ACLs are ours alone: those of others would open its ports. */
    private List<Operation> group(ProfileId id, Map<UUID, Row> wanted, List<Row> same, Map<UUID, Row> found) {
        List<Operation> operations = new ArrayList<>();
        Row group = rows.group(id);
        if (same.isEmpty()) {
            wanted.forEach((acl, row) ->
                    operations.add(Operation.insert(AclRows.TABLE, row).withId(acl)));
            operations.add(Operation.insert(ProfileRows.TABLE, ProfileRows.withAcls(group, wanted))
                    .withId(Key.profile(id).row()));
            return operations;
        }
        Row first = same.getFirst();
        Set<UUID> gone = new HashSet<>(first.uuids(AclRows.REFERENCES));
        gone.removeAll(wanted.keySet());
        operations.addAll(Northbound.mend(ProfileRows.TABLE, first, group));
        operations.addAll(AclRows.onHolder(ProfileRows.TABLE, first, wanted, found, gone));
        same.stream()
                .skip(1)
                .forEach(extra ->
                        operations.add(Operation.delete(ProfileRows.TABLE, Condition.row(extra.id()), mark.any())));
        return operations;
    }

    /** The groups that rules speak of have to be there, and have to stay until the rules are. */
    private List<Operation> remotes(Collection<ProfileSpec> specs, Map<ProfileId, List<Row>> there) {
        Set<ProfileId> made = specs.stream().map(ProfileSpec::id).collect(Collectors.toSet());
        Map<UUID, Operation> guards = new LinkedHashMap<>();
        for (ProfileSpec spec : specs) {
            for (ProfileSpec.Rule rule : spec.rules()) {
                if (rule.remote() instanceof Remote.Members(String name)) {
                    ProfileId remote = ProfileRows.idOf(name)
                            .filter(id -> made.contains(id) || there.containsKey(id))
                            .orElseThrow(() -> new Refused(
                                    Reason.NOT_FOUND,
                                    "profile %s: a rule speaks of %s, which is not there"
                                            .formatted(spec.name(), name)));
                    there.getOrDefault(remote, List.of()).stream()
                            .limit(1)
                            .forEach(row -> guards.put(
                                    row.id(), Northbound.unchanged(ProfileRows.TABLE, row, List.of(Mark.COLUMN))));
                }
            }
        }
        return List.copyOf(guards.values());
    }

    @Override
    public String adopt(String group) {
        throw new Refused(Reason.NOT_SUPPORTED, "no group of OVN can be adopted as a profile: " + group);
    }

    @Override
    public Set<ProfileId> ownProfiles() {
        return Set.copyOf(groups(rows.all()).keySet());
    }

    @Override
    public void deleteProfile(ProfileId id) {
        Key key = Key.profile(id);
        Condition speaks = Condition.includes(Mark.COLUMN, ProfileRows.REMOTE, ProfileRows.name(id));
        northbound.settle("deleting security profile " + id, () -> {
            List<List<Row>> found = northbound.read(List.of(
                    new Operation.Select(
                            ProfileRows.TABLE,
                            List.of(mark.is(key)),
                            List.of("_uuid", "name", ProfileRows.MEMBERS, AclRows.REFERENCES, Mark.COLUMN)),
                    new Operation.Select(AclRows.TABLE, List.of(mark.any(), speaks), List.of("_uuid", "match"))));
            List<Operation> operations = new ArrayList<>();
            Set<UUID> own = new HashSet<>();
            for (Row row : found.getFirst()) {
                if (!row.uuids(ProfileRows.MEMBERS).isEmpty()) {
                    throw new Refused(
                            Reason.IN_USE,
                            "%d ports are in profile %s"
                                    .formatted(row.uuids(ProfileRows.MEMBERS).size(), id));
                }
                own.addAll(row.uuids(AclRows.REFERENCES));
                operations.add(Northbound.unchanged(
                        ProfileRows.TABLE, row, List.of(ProfileRows.MEMBERS, AclRows.REFERENCES, Mark.COLUMN)));
                operations.add(Operation.delete(ProfileRows.TABLE, Condition.row(row.id())));
            }
            if (operations.isEmpty()) {
                return Change.none(true);
            }
            found.getLast().stream()
                    .filter(acl -> !own.contains(acl.id()))
                    .findFirst()
                    .ifPresent(acl -> {
                        throw new Refused(
                                Reason.IN_USE,
                                "a rule of another speaks of profile %s: %s".formatted(id, acl.string("match")));
                    });
            operations.addFirst(
                    Northbound.exactly(AclRows.TABLE, List.of(mark.any(), speaks), "match", found.getLast()));
            List<Row> all = rows.all();
            operations.addAll(0, policies.following(all, Map.of(), Optional.of(id)));
            operations.addAll(0, policies.unchanged(all));
            return new Change<>(operations, true);
        });
    }

    @Override
    public Map<ProfileId, String> ensurePolicies(Collection<PolicySpec> specs) {
        Map<ProfileId, String> names = policies.ensure(specs);
        policies.tidy();
        return names;
    }

    @Override
    public Set<ProfileId> ownPolicies() {
        return policies.own();
    }

    @Override
    public void deletePolicy(ProfileId id) {
        policies.delete(id);
    }

    @Override
    public Taken close(Collection<NodeId> nodes) {
        return northbound.settle("closing the ports of %d nodes".formatted(nodes.size()), () -> {
            OptionalLong number = number();
            List<Operation> operations = closures.close(nodes);
            return operations.isEmpty() ? Change.none(new Taken(number.orElse(0))) : numbered(operations, number);
        });
    }

    /** Empty where northd never was: the row is its. */
    private OptionalLong number() {
        return northbound.read(Operation.select(GLOBAL).columns(NUMBER)).stream()
                .mapToLong(row -> row.integer(NUMBER))
                .findFirst();
    }

    /** The operations and the number that they get. */
    private static Change<Taken> numbered(List<Operation> operations, OptionalLong before) {
        List<Operation> all = new ArrayList<>(operations);
        if (before.isEmpty()) {
            all.add(Operation.insert(GLOBAL, Row.empty().with(NUMBER, 0)));
        }
        all.add(Operation.mutate(GLOBAL, Mutation.add(NUMBER, 1)));
        all.add(Operation.select(GLOBAL).columns(NUMBER));
        return new Change<>(
                all,
                new Taken(before.orElse(0)),
                result -> new Taken(result.rows(all.size() - 1).getFirst().integer(NUMBER)));
    }

    @Override
    public void open() {
        northbound.settle("opening the cluster's ports", () -> new Change<>(closures.open(), true));
    }

    @Override
    public Taken bind(Collection<Binding> bindings) {
        Map<PortId, Binding> wanted = new LinkedHashMap<>();
        bindings.forEach(binding -> wanted.put(binding.port(), binding));
        return northbound.settle("binding %d ports".formatted(wanted.size()), () -> {
            List<Operation> operations = new ArrayList<>(memberships.operations(wanted));
            // Behind what rests on the policies' marks, since it changes these.
            operations.addAll(policies.narrowing(wanted.values()));
            operations.addAll(closures.close(
                    wanted.values().stream().map(Binding::node).collect(Collectors.toCollection(LinkedHashSet::new))));
            return numbered(operations, number());
        });
    }

    @Override
    public Map<PortId, Set<String>> bindings(NodeId node) {
        return memberships.of(node);
    }
}
