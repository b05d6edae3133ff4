package io.portolan.sdn.ovn;

import io.portolan.model.NodeId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.ovn.Key.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Finds all that the northbound database has of a node. */
record NodeRows(Northbound northbound, Mark mark) {
    private static final List<String> SWITCH_COLUMNS =
            List.of("_uuid", "name", "ports", "other_config", BalancerGroups.REFERENCES, Mark.COLUMN);
    private static final List<String> PIN_COLUMNS =
            List.of("_uuid", "name", "chassis_name", "priority", "options", Mark.COLUMN);

    /** Those that may differ from what we write; of them, a server's schema may lack the last ones. */
    static final List<String> PORT_COLUMNS = List.of(
            "name",
            "type",
            "addresses",
            "port_security",
            "options",
            "enabled",
            "parent_name",
            "tag",
            "tag_request",
            "dhcpv4_options",
            "dhcpv6_options",
            "ha_chassis_group",
            "peer");

    static final List<String> ROUTER_PORT_COLUMNS = List.of(
            "name",
            "mac",
            "networks",
            "gateway_chassis",
            "options",
            "enabled",
            "peer",
            "ipv6_ra_configs",
            "ha_chassis_group",
            "dhcp_relay");

    /**
     * What there is. Where a mark is borne by several rows, the one that we made comes first.
     *
     * @param switches rows of {@code Logical_Switch} that are the node's; one, unless somebody made a second
     * @param ports what is on the first switch, whosever it is
     * @param routerPorts rows of {@code Logical_Router_Port} that are the node's
     * @param pins what pins the first router port
     * @param holders which router has which of the router ports
     */
    record Found(List<Row> switches, List<Row> ports, List<Row> routerPorts, List<Row> pins, Map<UUID, UUID> holders) {

        Optional<Row> theSwitch() {
            return switches.stream().findFirst();
        }

        Optional<Row> routerPort() {
            return routerPorts.stream().findFirst();
        }
    }

    Found look(NodeId node) {
        Key ofSwitch = Key.of(Kind.SWITCH, node);
        Key ofRouterPort = Key.of(Kind.ROUTER_PORT, node);
        List<List<Row>> heads = northbound.read(List.of(
                select(Kind.SWITCH.table(), mark.is(ofSwitch), SWITCH_COLUMNS),
                select(
                        Kind.ROUTER_PORT.table(),
                        mark.is(ofRouterPort),
                        northbound.known(Kind.ROUTER_PORT.table(), ROUTER_PORT_COLUMNS))));
        List<Row> switches = oursFirst(heads.get(0), ofSwitch);
        List<Row> routerPorts = oursFirst(heads.get(1), ofRouterPort);
        if (switches.isEmpty() && routerPorts.isEmpty()) {
            return new Found(switches, List.of(), routerPorts, List.of(), Map.of());
        }
        return parts(switches, routerPorts);
    }

    private Found parts(List<Row> switches, List<Row> routerPorts) {
        Collection<UUID> ports =
                switches.isEmpty() ? Set.of() : switches.getFirst().uuids("ports");
        Collection<UUID> pins =
                routerPorts.isEmpty() ? Set.of() : routerPorts.getFirst().uuids("gateway_chassis");
        List<Operation.Select> selects = new ArrayList<>();
        selects.addAll(Northbound.selects(Kind.PORT.table(), ports, northbound.known(Kind.PORT.table(), PORT_COLUMNS)));
        selects.addAll(Northbound.selects(Kind.PIN.table(), pins, PIN_COLUMNS));
        routerPorts.forEach(port ->
                selects.add(select(Routers.TABLE, Condition.includes("ports", Atom.of(port.id())), List.of("_uuid"))));
        List<List<Row>> found = northbound.read(selects);
        Map<UUID, UUID> holders = new LinkedHashMap<>();
        for (int i = 0; i < routerPorts.size(); i++) {
            UUID port = routerPorts.get(i).id();
            found.get(ports.size() + pins.size() + i).forEach(router -> holders.put(port, router.id()));
        }
        return new Found(
                switches,
                flat(found.subList(0, ports.size())),
                routerPorts,
                flat(found.subList(ports.size(), ports.size() + pins.size())),
                holders);
    }

    /** Nodes of which there is a switch or a router port. */
    Set<NodeId> nodes() {
        List<List<Row>> found = northbound.read(List.of(
                select(Kind.SWITCH.table(), mark.any(), List.of(Mark.COLUMN)),
                select(Kind.ROUTER_PORT.table(), mark.any(), List.of(Mark.COLUMN))));
        Set<NodeId> nodes = new LinkedHashSet<>();
        for (Row row : flat(found)) {
            mark.keyOf(row)
                    .filter(key -> key.kind() == Kind.SWITCH || key.kind() == Kind.ROUTER_PORT)
                    .ifPresent(key -> nodes.add(new NodeId(key.id())));
        }
        return Set.copyOf(nodes);
    }

    private static Operation.Select select(String table, Condition where, List<String> columns) {
        return new Operation.Select(table, List.of(where), columns);
    }

    /** The rows that stand for this; the one that we made comes first. */
    List<Row> standingFor(Key key, List<Row> rows) {
        return oursFirst(rows.stream().filter(row -> mark.is(row, key)).toList(), key);
    }

    static List<Row> oursFirst(List<Row> rows, Key key) {
        return rows.stream()
                .sorted(Comparator.comparing((Row row) -> !row.id().equals(key.row()))
                        .thenComparing(Row::id))
                .toList();
    }

    private static List<Row> flat(List<List<Row>> rows) {
        return rows.stream().flatMap(List::stream).toList();
    }
}
