package io.portolan.sdn.ovn;

import io.portolan.model.NodeId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SwitchSpec;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.NodeRows.Found;
import io.portolan.sdn.ovn.Northbound.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A node's switch, its uplink, the router port at its other end and the pin of that port: four rows, written together, and
 * the switch with its group of load balancers from the first transaction on ({@link BalancerGroups}).
 *
 * <p>The MTU is the agent's business alone: OVN's way to enforce one ({@code gateway_mtu} on a router port) costs flows
 * for every pair of router ports.
 */
record Switches(Northbound northbound, Mark mark, NodeRows rows, Routers routers, BalancerGroups groups) {
    private static final Value NONE = Value.emptySet();
    private static final Value NO_OPTIONS = Value.emptyMap();

    /** What the four rows should be. */
    private record Wanted(Row theSwitch, Row uplink, Row routerPort, Row pin, boolean pinned) {}

    Ensured ensure(SwitchSpec spec) {
        if (spec.network() != null) {
            throw new Refused(Reason.NOT_SUPPORTED, "a node's switch in OVN is its own: " + spec.network());
        }
        return northbound.settle("making the switch of node " + spec.name(), () -> {
            Row router = routers.find(spec.routerId());
            Found found = rows.look(spec.node());
            refuseOtherSwitchesInUse(found);
            UUID pin = pin(found, spec.node())
                    .map(Row::id)
                    .orElse(Key.of(Kind.PIN, spec.node()).row());
            Wanted wanted = wanted(spec, pin);
            List<Operation> operations = new ArrayList<>();
            operations.addAll(groups.insertIfMissing(LoadBalancerSpec.Reach.INSIDE));
            operations.addAll(switchAndUplink(spec.node(), found, wanted));
            operations.addAll(routerPort(spec.node(), found, wanted, router.id()));
            Ensured outcome = Ensured.UNCHANGED;
            if (!operations.isEmpty()) {
                boolean made = found.switches().isEmpty() && found.routerPorts().isEmpty();
                outcome = made ? Ensured.MADE : Ensured.MENDED;
                operations.addAll(0, guards(router, found));
            }
            return new Change<>(operations, outcome);
        });
    }

    Set<NodeId> own() {
        return rows.nodes();
    }

    void delete(NodeId node) {
        northbound.settle("deleting the switch of node " + node, () -> {
            Found found = rows.look(node);
            refuseOtherSwitchesInUse(found);
            List<Row> left = found.ports().stream()
                    .filter(port -> !mark.is(port, Key.of(Kind.UPLINK, node)))
                    .toList();
            if (!left.isEmpty()) {
                throw new Refused(
                        Reason.IN_USE,
                        "%d ports are on the switch of node %s, such as %s"
                                .formatted(left.size(), node, left.getFirst().string("name")));
            }
            List<Operation> operations = new ArrayList<>();
            for (Row each : found.switches()) {
                operations.add(Northbound.unchanged(Kind.SWITCH.table(), each, List.of("ports", Mark.COLUMN)));
                operations.add(Operation.delete(Kind.SWITCH.table(), Condition.row(each.id())));
            }
            found.routerPorts().forEach(port -> operations.addAll(detach(port, found)));
            return new Change<>(operations, true);
        });
    }

    private static List<Operation> guards(Row router, Found found) {
        List<Operation> guards = new ArrayList<>();
        guards.add(Northbound.unchanged(Routers.TABLE, router, List.of(Mark.COLUMN)));
        found.theSwitch()
                .ifPresent(row ->
                        guards.add(Northbound.unchanged(Kind.SWITCH.table(), row, List.of("ports", Mark.COLUMN))));
        found.routerPort()
                .ifPresent(row -> guards.add(
                        Northbound.unchanged(Kind.ROUTER_PORT.table(), row, List.of("gateway_chassis", Mark.COLUMN))));
        return guards;
    }

    private List<Operation> switchAndUplink(NodeId node, Found found, Wanted wanted) {
        Key uplink = Key.of(Kind.UPLINK, node);
        List<Operation> operations = new ArrayList<>();
        List<Row> uplinks = rows.standingFor(uplink, found.ports());
        if (uplinks.isEmpty()) {
            operations.add(Operation.insert(uplink.table(), wanted.uplink()).withId(uplink.row()));
        } else {
            operations.addAll(Northbound.mend(uplink.table(), uplinks.getFirst(), wanted.uplink()));
        }
        if (found.switches().isEmpty()) {
            Key key = Key.of(Kind.SWITCH, node);
            Row row = wanted.theSwitch()
                    .with("ports", uplink.row())
                    .with(BalancerGroups.REFERENCES, groups.row(LoadBalancerSpec.Reach.INSIDE));
            operations.add(Operation.insert(key.table(), row).withId(key.row()));
            return operations;
        }
        Row first = found.switches().getFirst();
        operations.addAll(Northbound.mend(Kind.SWITCH.table(), first, wanted.theSwitch()));
        operations.addAll(groups.referenceIfMissing(first));
        if (uplinks.isEmpty()) {
            operations.add(ports(Kind.SWITCH.table(), first.id(), Mutation.insert("ports", Atom.of(uplink.row()))));
        }
        uplinks.stream()
                .skip(1)
                .forEach(extra -> operations.add(
                        ports(Kind.SWITCH.table(), first.id(), Mutation.delete("ports", Atom.of(extra.id())))));
        found.switches().stream().skip(1).forEach(extra -> {
            operations.add(Northbound.unchanged(Kind.SWITCH.table(), extra, List.of("ports", Mark.COLUMN)));
            operations.add(Operation.delete(Kind.SWITCH.table(), Condition.row(extra.id())));
        });
        return operations;
    }

    private List<Operation> routerPort(NodeId node, Found found, Wanted wanted, UUID router) {
        Key key = Key.of(Kind.ROUTER_PORT, node);
        List<Operation> operations = new ArrayList<>();
        Optional<Row> pin = pin(found, node);
        if (wanted.pinned() && pin.isEmpty()) {
            operations.add(Operation.insert(Kind.PIN.table(), wanted.pin())
                    .withId(Key.of(Kind.PIN, node).row()));
        } else if (wanted.pinned()) {
            operations.addAll(Northbound.mend(Kind.PIN.table(), pin.orElseThrow(), wanted.pin()));
        }
        Mutation attach = Mutation.insert("ports", Atom.of(key.row()));
        if (found.routerPorts().isEmpty()) {
            operations.add(Operation.insert(key.table(), wanted.routerPort()).withId(key.row()));
            operations.add(ports(Routers.TABLE, router, attach));
            return operations;
        }
        Row first = found.routerPorts().getFirst();
        operations.addAll(Northbound.mend(key.table(), first, wanted.routerPort()));
        if (!router.equals(found.holders().get(first.id()))) {
            operations.addAll(detach(first, found));
            operations.add(ports(Routers.TABLE, router, Mutation.insert("ports", Atom.of(first.id()))));
        }
        found.routerPorts().stream().skip(1).forEach(extra -> operations.addAll(detach(extra, found)));
        return operations;
    }

    /** A router port lives as long as a router has it. */
    private static List<Operation> detach(Row routerPort, Found found) {
        return Optional.ofNullable(found.holders().get(routerPort.id())).stream()
                .map(router -> ports(Routers.TABLE, router, Mutation.delete("ports", Atom.of(routerPort.id()))))
                .toList();
    }

    private static Operation ports(String table, UUID row, Mutation mutation) {
        return Operation.mutate(table, mutation, Condition.row(row));
    }

    private Optional<Row> pin(Found found, NodeId node) {
        return rows.standingFor(Key.of(Kind.PIN, node), found.pins()).stream().findFirst();
    }

    /** A second switch with our mark is somebody's copy. Without ports it is removed; with ports nobody knows why. */
    private static void refuseOtherSwitchesInUse(Found found) {
        found.switches().stream()
                .skip(1)
                .filter(extra -> !extra.uuids("ports").isEmpty())
                .findFirst()
                .ifPresent(extra -> {
                    throw new Refused(
                            Reason.CONFLICT,
                            "Logical_Switch %s bears the mark of switch %s and has ports: move or delete it"
                                    .formatted(
                                            extra.id(),
                                            found.switches().getFirst().id()));
                });
    }

    private Wanted wanted(SwitchSpec spec, UUID pinRow) {
        NodeId node = spec.node();
        Key routerPort = Key.of(Kind.ROUTER_PORT, node);
        List<String> networks = spec.subnets().stream()
                .map(subnet -> subnet.gateway() + "/" + subnet.cidr().prefixLength())
                .toList();
        return new Wanted(
                fit(
                        Key.of(Kind.SWITCH, node),
                        Row.empty().with("name", spec.name() + "_" + node).with("other_config", NO_OPTIONS)),
                fit(
                        Key.of(Kind.UPLINK, node),
                        plain(NodeRows.PORT_COLUMNS)
                                .with("name", Key.of(Kind.UPLINK, node).name())
                                .with("type", "router")
                                .with("addresses", "router")
                                .with("options", Map.of("router-port", routerPort.name()))),
                fit(
                        routerPort,
                        plain(NodeRows.ROUTER_PORT_COLUMNS)
                                .with("name", routerPort.name())
                                .with(
                                        "mac",
                                        spec.subnets().getFirst().gatewayMac().toString())
                                .with("networks", Value.strings(networks))
                                .with("gateway_chassis", spec.chassis() == null ? NONE : Atom.of(pinRow))),
                fit(
                        Key.of(Kind.PIN, node),
                        Row.empty()
                                .with("name", Key.of(Kind.PIN, node).name())
                                .with("chassis_name", spec.chassis() == null ? "" : spec.chassis())
                                .with("priority", 0)
                                .with("options", NO_OPTIONS)),
                spec.chassis() != null);
    }

    private Row fit(Key key, Row row) {
        return northbound.fit(key.table(), row.with(Mark.COLUMN, mark.on(key)));
    }

    /** All columns that we own, empty. */
    static Row plain(List<String> columns) {
        Row row = Row.empty();
        for (String column : columns) {
            boolean map = column.equals("options") || column.equals("ipv6_ra_configs");
            row = row.with(column, map ? NO_OPTIONS : NONE);
        }
        return row;
    }
}
