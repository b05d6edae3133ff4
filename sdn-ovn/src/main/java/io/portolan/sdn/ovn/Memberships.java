package io.portolan.sdn.ovn;

import static java.util.Objects.requireNonNull;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnSecurity.Binding;
import io.portolan.sdn.ovn.Key.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Which ports are in which groups. Groups of others are told, and left alone.
 *
 * <p>A write rests on the groups of ours that each port was in: of two writers of one port the slower looks again, and the
 * port is never in both of their sets.
 */
record Memberships(Northbound northbound, Mark mark, ProfileRows rows) {
    /** What is missing for each port to be in exactly its groups, and what that rests on. */
    List<Operation> operations(Map<PortId, Binding> wanted) {
        Map<PortId, UUID> ports = ports(wanted.values());
        Map<String, Row> named = named(wanted.values());
        List<Operation> operations = new ArrayList<>();
        named.values()
                .forEach(row -> operations.add(Northbound.unchanged(ProfileRows.TABLE, row, List.of(Mark.COLUMN))));
        Map<UUID, Set<UUID>> joining = new LinkedHashMap<>();
        Map<UUID, Set<UUID>> leaving = new LinkedHashMap<>();
        Map<PortId, List<Row>> now = now(ports);
        ports.forEach((port, row) -> {
            List<Row> in = now.getOrDefault(port, List.of());
            operations.add(Northbound.exactly(ProfileRows.TABLE, ourGroupsWith(row), "name", in));
            Set<UUID> should = requireNonNull(wanted.get(port)).profiles().stream()
                    .map(name -> requireNonNull(named.get(name)).id())
                    .collect(Collectors.toSet());
            Set<UUID> is = in.stream().map(Row::id).collect(Collectors.toSet());
            minus(should, is).forEach(group -> add(joining, group, row));
            minus(is, should).forEach(group -> add(leaving, group, row));
        });
        leaving.forEach((group, members) ->
                operations.add(members(group, Mutation.delete(ProfileRows.MEMBERS, Value.uuids(members)))));
        joining.forEach((group, members) ->
                operations.add(members(group, Mutation.insert(ProfileRows.MEMBERS, Value.uuids(members)))));
        return operations;
    }

    private static Set<UUID> minus(Set<UUID> from, Set<UUID> what) {
        Set<UUID> left = new HashSet<>(from);
        left.removeAll(what);
        return left;
    }

    private static void add(Map<UUID, Set<UUID>> to, UUID group, UUID port) {
        to.computeIfAbsent(group, same -> new HashSet<>()).add(port);
    }

    private static Operation members(UUID group, Mutation mutation) {
        return Operation.mutate(ProfileRows.TABLE, mutation, Condition.row(group));
    }

    private List<Condition> ourGroupsWith(UUID port) {
        return List.of(mark.any(), Condition.includes(ProfileRows.MEMBERS, Atom.of(port)));
    }

    /** The rows of the ports, each on the switch of its node. */
    private Map<PortId, UUID> ports(Collection<Binding> bindings) {
        List<Operation.Select> selects = new ArrayList<>();
        for (Binding binding : bindings) {
            Key key = Key.port(binding.port());
            selects.add(new Operation.Select(
                    Kind.PORT.table(), List.of(Condition.row(key.row()), mark.is(key)), List.of("_uuid")));
            selects.add(new Operation.Select(
                    Kind.SWITCH.table(),
                    List.of(
                            mark.is(Key.of(Kind.SWITCH, binding.node())),
                            Condition.includes("ports", Atom.of(key.row()))),
                    List.of("_uuid")));
        }
        List<List<Row>> found = northbound.read(selects);
        Map<PortId, UUID> ports = new LinkedHashMap<>();
        int i = 0;
        for (Binding binding : bindings) {
            if (found.get(i).isEmpty() || found.get(i + 1).isEmpty()) {
                throw new Refused(
                        Reason.NOT_FOUND,
                        "port %s is not on the switch of node %s".formatted(binding.port(), binding.node()));
            }
            ports.put(binding.port(), Key.port(binding.port()).row());
            i += 2;
        }
        return ports;
    }

    /** The groups that bindings name. */
    private Map<String, Row> named(Collection<Binding> bindings) {
        Map<String, Row> named = new LinkedHashMap<>();
        for (Binding binding : bindings) {
            for (String name : binding.profiles()) {
                if (!named.containsKey(name)) {
                    named.put(name, group(name));
                }
            }
        }
        return named;
    }

    private Row group(String name) {
        return PolicyRows.keyOf(name)
                .flatMap(key -> NodeRows.oursFirst(
                                northbound.read(new Operation.Select(
                                        ProfileRows.TABLE,
                                        List.of(mark.is(key)),
                                        List.of("_uuid", "name", Mark.COLUMN))),
                                key)
                        .stream()
                        .findFirst())
                .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "there is no security profile " + name));
    }

    private Map<PortId, List<Row>> now(Map<PortId, UUID> ports) {
        List<List<Row>> found = northbound.read(ports.values().stream()
                .map(row -> new Operation.Select(ProfileRows.TABLE, ourGroupsWith(row), List.of("_uuid", "name")))
                .toList());
        Map<PortId, List<Row>> memberships = new HashMap<>();
        int i = 0;
        for (PortId port : ports.keySet()) {
            memberships.put(port, found.get(i++));
        }
        return memberships;
    }

    Map<PortId, Set<String>> of(NodeId node) {
        List<UUID> onSwitch = northbound
                .read(new Operation.Select(
                        Kind.SWITCH.table(), List.of(mark.is(Key.of(Kind.SWITCH, node))), List.of("ports")))
                .stream()
                .flatMap(row -> row.uuids("ports").stream())
                .toList();
        List<Operation.Select> selects = new ArrayList<>();
        for (UUID port : onSwitch) {
            selects.add(new Operation.Select(
                    Kind.PORT.table(), List.of(Condition.row(port)), List.of("_uuid", Mark.COLUMN)));
            selects.add(new Operation.Select(
                    ProfileRows.TABLE,
                    List.of(Condition.includes(ProfileRows.MEMBERS, Atom.of(port))),
                    List.of("name", AclRows.REFERENCES, Mark.COLUMN)));
        }
        List<List<Row>> found = northbound.read(selects);
        Map<PortId, Set<String>> bindings = new HashMap<>();
        for (int i = 0; i < found.size(); i += 2) {
            Set<String> in = found.get(i + 1).stream()
                    .filter(group -> !group.uuids(AclRows.REFERENCES).isEmpty())
                    .map(group -> rows.profile(group).map(ProfileRows::name).orElseGet(() -> group.string("name")))
                    .collect(Collectors.toSet());
            found.get(i).stream()
                    .flatMap(row -> mark.keyOf(row).stream())
                    .filter(key -> key.kind() == Kind.PORT)
                    .forEach(key -> bindings.put(new PortId(key.id()), in));
        }
        return bindings;
    }
}
