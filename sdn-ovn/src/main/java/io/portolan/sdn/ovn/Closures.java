package io.portolan.sdn.ovn;

import io.portolan.model.NodeId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.ovn.Key.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What closes a node's ports: ACLs on its switch itself, so that a port that is made later is closed from its first packet
 * on, and no group of all ports has to be kept.
 *
 * <p>In each of the three places where OVN looks at ACLs the lowest drops all of IP, and one above lets the uplink's packets
 * pass, since what comes from the router is judged where it leaves for a pod. (That the drop should not speak of the uplink
 * cannot be said: OVN matches a port by equality only.) A profile lets its ports through above these. The first place, before
 * balancers, is there because a balancer without members answers a packet by itself, past the other two.
 */
record Closures(Northbound northbound, Mark mark) {
    private static final String SWITCH = Kind.SWITCH.table();
    /** Of more than these it is cheaper to read all there are. */
    private static final int FEW = 100;

    private static final int DROP = 0;
    /** Just above what drops; profiles use it too. */
    static final int PASS = 1;

    private Map<UUID, Row> wanted(NodeId node) {
        String uplink = Key.of(Kind.UPLINK, node).name();
        Map<String, Row> all = new LinkedHashMap<>();
        all.put("gate", AclRows.row(AclRows.FROM_PORT, DROP, "ip", "drop"));
        all.put(
                "gate-uplink",
                AclRows.row(AclRows.FROM_PORT, PASS, "inport == \"%s\" && ip".formatted(uplink), "allow"));
        all.put("egress", AclRows.afterBalancers(all.get("gate")));
        all.put("egress-uplink", AclRows.afterBalancers(all.get("gate-uplink")));
        all.put("ingress", AclRows.row(AclRows.TO_PORT, DROP, "ip", "drop"));
        all.put(
                "ingress-uplink",
                AclRows.row(AclRows.TO_PORT, PASS, "outport == \"%s\" && ip".formatted(uplink), "allow"));
        Map<Key, Row> keyed = new LinkedHashMap<>();
        all.forEach((which, row) -> keyed.put(Key.of(Kind.CLOSURE, Key.of(Kind.SWITCH, node), which), row));
        return AclRows.marked(northbound, mark, keyed);
    }

    /** What is missing for these nodes to be closed; those without a switch are left out. */
    List<Operation> close(Collection<NodeId> nodes) {
        Map<NodeId, Row> switches = switches(nodes);
        Map<NodeId, Map<UUID, Row>> wanted = new HashMap<>();
        switches.keySet().forEach(node -> wanted.put(node, wanted(node)));
        Set<UUID> ids =
                wanted.values().stream().flatMap(rows -> rows.keySet().stream()).collect(Collectors.toSet());
        Map<UUID, Row> there = there(ids);
        List<Operation> operations = new ArrayList<>();
        switches.forEach((node, row) ->
                operations.addAll(AclRows.onHolder(SWITCH, row, wanted.getOrDefault(node, Map.of()), there, Set.of())));
        return operations;
    }

    private Map<UUID, Row> there(Set<UUID> ids) {
        Map<UUID, Row> there = new HashMap<>();
        Set<UUID> left = new HashSet<>(ids);
        if (ids.size() > FEW) {
            Condition low = new Condition("priority", Condition.Comparison.LESS_OR_EQUAL, Atom.of(PASS));
            northbound
                    .read(new Operation.Select(
                            AclRows.TABLE, List.of(mark.any(), low), northbound.known(AclRows.TABLE, AclRows.COLUMNS)))
                    .forEach(row -> there.put(row.id(), row));
            left.removeAll(there.keySet());
        }
        there.putAll(AclRows.read(northbound, left));
        return there;
    }

    /** By {@code _uuid} or all at once; those that somebody has made anew by their mark. */
    private Map<NodeId, Row> switches(Collection<NodeId> nodes) {
        Set<NodeId> asked = new LinkedHashSet<>(nodes);
        List<String> columns = List.of("_uuid", AclRows.REFERENCES, Mark.COLUMN);
        Map<NodeId, Row> found = new LinkedHashMap<>();
        if (asked.size() > FEW) {
            read(List.of(new Operation.Select(SWITCH, List.of(mark.any()), columns)), found);
            found.keySet().retainAll(asked);
            return found;
        }
        read(
                Northbound.selects(
                        SWITCH,
                        asked.stream()
                                .map(node -> Key.of(Kind.SWITCH, node).row())
                                .toList(),
                        columns),
                found);
        read(
                asked.stream()
                        .filter(node -> !found.containsKey(node))
                        .map(node -> new Operation.Select(SWITCH, List.of(mark.is(Key.of(Kind.SWITCH, node))), columns))
                        .toList(),
                found);
        return found;
    }

    /** Of a switch and its copies the one that we made counts. */
    private void read(List<Operation.Select> selects, Map<NodeId, Row> found) {
        northbound.read(selects).stream()
                .flatMap(List::stream)
                .forEach(row -> mark.keyOf(row)
                        .filter(key -> key.kind() == Kind.SWITCH)
                        .ifPresent(key -> found.merge(
                                new NodeId(key.id()),
                                row,
                                (one, other) -> other.id().equals(key.row()) ? other : one)));
    }

    /** What is missing for no node of the cluster to be closed. */
    List<Operation> open() {
        List<List<Row>> found = northbound.read(List.of(
                new Operation.Select(AclRows.TABLE, List.of(mark.any()), List.of("_uuid", Mark.COLUMN)),
                new Operation.Select(SWITCH, List.of(mark.any()), List.of("_uuid", AclRows.REFERENCES))));
        Set<UUID> ours = found.getFirst().stream()
                .filter(row -> mark.keyOf(row)
                        .filter(key -> key.kind() == Kind.CLOSURE)
                        .isPresent())
                .map(Row::id)
                .collect(Collectors.toSet());
        List<Operation> operations = new ArrayList<>();
        for (Row each : found.getLast()) {
            Set<UUID> gone = new HashSet<>(each.uuids(AclRows.REFERENCES));
            gone.retainAll(ours);
            if (!gone.isEmpty()) {
                operations.add(Operation.mutate(
                        SWITCH, Mutation.delete(AclRows.REFERENCES, Value.uuids(gone)), Condition.row(each.id())));
            }
        }
        return operations;
    }
}
