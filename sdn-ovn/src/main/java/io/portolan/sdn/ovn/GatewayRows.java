package io.portolan.sdn.ovn;

import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.ovn.Key.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Finds all that the northbound database has of a cluster's gateway. */
record GatewayRows(Northbound northbound, Mark mark) {
    static final List<String> HOLDER_COLUMNS =
            List.of("_uuid", "ports", "static_routes", "policies", "nat", BalancerGroups.REFERENCES, Mark.COLUMN);
    static final List<String> ROUTE_COLUMNS =
            List.of("ip_prefix", "nexthop", "output_port", "policy", "route_table", "options");
    static final List<String> POLICY_COLUMNS = List.of("priority", "match", "action", "nexthop", "nexthops", "options");
    static final List<String> NAT_COLUMNS = List.of(
            "type",
            "external_ip",
            "logical_ip",
            "gateway_port",
            "exempted_ext_ips",
            "allowed_ext_ips",
            "external_mac",
            "logical_port",
            "external_port_range",
            "options");

    /** In the order in which they are read. */
    private static final Map<Kind, List<String>> MARKED = marked();

    private static Map<Kind, List<String>> marked() {
        Map<Kind, List<String>> columns = new LinkedHashMap<>();
        columns.put(Kind.EXTERNAL_SWITCH, List.of("name", "ports", "other_config"));
        columns.put(Kind.EXTERNAL_PORT, NodeRows.ROUTER_PORT_COLUMNS);
        columns.put(Kind.ROUTE, ROUTE_COLUMNS);
        columns.put(Kind.POLICY, POLICY_COLUMNS);
        columns.put(Kind.SNAT, NAT_COLUMNS);
        columns.put(Kind.NO_SNAT, List.of("name", "addresses"));
        return columns;
    }

    /**
     * What there is.
     *
     * @param rows those that bear the cluster's mark, by kind; the one that we made comes first
     * @param foreignPins what others hung on our router port
     */
    record Found(Map<Kind, List<Row>> rows, Set<UUID> foreignPins) {
        List<Row> all(Kind kind) {
            return rows.getOrDefault(kind, List.of());
        }

        Optional<Row> first(Kind kind) {
            return all(kind).stream().findFirst();
        }

        boolean isEmpty() {
            return rows.values().stream().allMatch(List::isEmpty);
        }
    }

    Found look() {
        List<Operation.Select> selects = new ArrayList<>();
        MARKED.forEach((kind, columns) -> selects.add(
                new Operation.Select(kind.table(), List.of(mark.any()), northbound.known(kind.table(), columns))));
        List<List<Row>> read = northbound.read(selects);
        Map<Kind, List<Row>> rows = new LinkedHashMap<>();
        int table = 0;
        for (Kind kind : MARKED.keySet()) {
            rows.put(kind, ofKind(kind, read.get(table++)));
        }
        // A NAT is in one table with floating addresses.
        rows.put(
                Kind.FLOATING_IP,
                ofKind(Kind.FLOATING_IP, read.get(List.copyOf(MARKED.keySet()).indexOf(Kind.SNAT))));
        Collection<UUID> ports = ids(rows.getOrDefault(Kind.EXTERNAL_SWITCH, List.of()), "ports");
        Collection<UUID> pins = ids(rows.getOrDefault(Kind.EXTERNAL_PORT, List.of()), "gateway_chassis");
        List<Operation.Select> parts = new ArrayList<>();
        parts.addAll(Northbound.selects(
                "Logical_Switch_Port", ports, northbound.known("Logical_Switch_Port", NodeRows.PORT_COLUMNS)));
        parts.addAll(Northbound.selects(
                "Gateway_Chassis", pins, List.of("_uuid", "name", "chassis_name", "priority", "options", Mark.COLUMN)));
        List<Row> found = northbound.read(parts).stream().flatMap(List::stream).toList();
        for (Kind kind : List.of(Kind.LOCALNET, Kind.EXTERNAL_UPLINK)) {
            rows.put(kind, ofKind(kind, found));
        }
        List<Row> ours = ofKind(Kind.EXTERNAL_PIN, found);
        rows.put(Kind.EXTERNAL_PIN, ours);
        Set<UUID> foreign = new java.util.LinkedHashSet<>(pins);
        ours.forEach(pin -> foreign.remove(pin.id()));
        return new Found(rows, Set.copyOf(foreign));
    }

    private static Collection<UUID> ids(List<Row> rows, String column) {
        return rows.stream().flatMap(row -> row.uuids(column).stream()).toList();
    }

    private List<Row> ofKind(Kind kind, List<Row> rows) {
        List<Row> some = new ArrayList<>();
        rows.stream()
                .flatMap(row -> mark.keyOf(row).stream())
                .filter(key -> key.kind() == kind)
                .distinct()
                .forEach(key -> some.addAll(NodeRows.oursFirst(
                        rows.stream().filter(row -> mark.is(row, key)).toList(), key)));
        return some;
    }

    /** Routers that have something of the gateway: one, unless somebody moved a part. */
    List<Row> holders(Found found, BalancerGroups groups) {
        Map<UUID, Row> holders = new LinkedHashMap<>();
        List<Operation.Select> selects = new ArrayList<>();
        selects.add(holding(BalancerGroups.REFERENCES, groups.row(Reach.OUTSIDE)));
        found.first(Kind.EXTERNAL_PORT).ifPresent(port -> selects.add(holding("ports", port.id())));
        found.first(Kind.ROUTE).ifPresent(route -> selects.add(holding("static_routes", route.id())));
        found.first(Kind.POLICY).ifPresent(policy -> selects.add(holding("policies", policy.id())));
        found.all(Kind.SNAT).forEach(nat -> selects.add(holding("nat", nat.id())));
        found.all(Kind.FLOATING_IP).forEach(nat -> selects.add(holding("nat", nat.id())));
        northbound.read(selects).stream().flatMap(List::stream).forEach(row -> holders.put(row.id(), row));
        return List.copyOf(holders.values());
    }

    private static Operation.Select holding(String column, UUID row) {
        return new Operation.Select(Routers.TABLE, List.of(Condition.includes(column, Atom.of(row))), HOLDER_COLUMNS);
    }
}
