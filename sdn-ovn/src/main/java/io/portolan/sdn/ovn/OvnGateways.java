package io.portolan.sdn.ovn;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnGateways;
import io.portolan.sdn.ovn.GatewayRows.Found;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.Northbound.Change;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The gateway: a switch with a {@code localnet} port, the router's port on it, and what of the router belongs to it. All in
 * one transaction, so that there is no moment in which pods' packets leave untranslated.
 *
 * <p>The chassis that has the gateway does all the translating ({@code gateway_port} on every {@code NAT}, none of them
 * distributed): a balanced connection comes back through the chassis that balanced it. The chassis watch each other by BFD,
 * which OVN starts by itself where a port has more than one {@code Gateway_Chassis}.
 *
 * <p>What no pod and no Service has is not sent to the next hop, which would send it back: pods' and services' blocks have a
 * route to nowhere, the nodes' subnets are more specific. For the same reason nothing that came from outside goes out again.
 *
 * <p>More than three hundred lines, so that the whole transaction is laid out in one place.
 */
record OvnGateways(Northbound northbound, Mark mark, Routers routers, BalancerGroups groups, GatewayRows rows)
        implements SdnGateways {
    private static final int HIGHEST = 100;

    /** Who has a row in which column, and what is in that column. */
    private record Holder(String table, UUID row, String column, Set<UUID> held) {}

    @Override
    public List<IpAddress> ensureGateway(GatewaySpec spec) {
        GatewaySpec.Attachment at = spec.attachment();
        if (at == null) {
            throw new Refused(Reason.NOT_SUPPORTED, "a router in OVN has no way outside by itself");
        }
        UUID router = routers.find(spec.routerId()).id();
        return northbound.settle("making the gateway", () -> {
            Found found = rows.look();
            Row holder = northbound
                    .read(new Operation.Select(
                            Routers.TABLE, List.of(Condition.row(router)), GatewayRows.HOLDER_COLUMNS))
                    .stream()
                    .findFirst()
                    .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "there is no router " + router + " any more"));
            refuseOthersDefaultRoute(holder);
            List<Operation> operations = new ArrayList<>();
            operations.addAll(groups.insertIfMissing(Reach.OUTSIDE));
            operations.addAll(externalSwitch(found, at));
            operations.addAll(limits(found));
            operations.addAll(routerPort(found, at, holder));
            operations.addAll(onRouter(found, spec, at, holder));
            operations.addAll(groups.referenceOutside(holder));
            if (!operations.isEmpty()) {
                operations.addFirst(Northbound.unchanged(Routers.TABLE, holder, List.of(Mark.COLUMN)));
            }
            return new Change<>(operations, List.of(at.address()));
        });
    }

    @Override
    public boolean hasGateway() {
        return !rows.look().isEmpty();
    }

    @Override
    public void deleteGateway() {
        northbound.settle("deleting the gateway", () -> {
            Found found = rows.look();
            List<Operation> operations = new ArrayList<>();
            for (Row holder : rows.holders(found, groups)) {
                removal(holder, "ports", found.all(Kind.EXTERNAL_PORT), operations);
                removal(holder, "static_routes", found.all(Kind.ROUTE), operations);
                removal(holder, "policies", found.all(Kind.POLICY), operations);
                removal(holder, "nat", found.all(Kind.SNAT), operations);
                removal(holder, "nat", found.all(Kind.FLOATING_IP), operations);
                operations.addAll(groups.unreferenceOutside(holder));
            }
            Stream.of(Kind.SNAT, Kind.FLOATING_IP)
                    .flatMap(kind -> found.all(kind).stream())
                    .forEach(nat -> operations.add(deletion(nat)));
            for (Kind root : List.of(Kind.EXTERNAL_SWITCH, Kind.NO_SNAT)) {
                found.all(root).forEach(row -> operations.add(deletion(row)));
            }
            return new Change<>(operations, true);
        });
    }

    private static void removal(Row holder, String column, List<Row> rows, List<Operation> operations) {
        Set<UUID> held = holder.uuids(column);
        List<UUID> gone = rows.stream().map(Row::id).filter(held::contains).toList();
        if (!gone.isEmpty()) {
            operations.add(Operation.mutate(
                    Routers.TABLE, Mutation.delete(column, Value.uuids(gone)), Condition.row(holder.id())));
        }
    }

    /** It would go by itself, but not in time for the address set that it refers to to go in the same transaction. */
    private Operation deletion(Row row) {
        return Operation.delete(mark.keyOf(row).orElseThrow().table(), Condition.row(row.id()), mark.any());
    }

    private void refuseOthersDefaultRoute(Row holder) {
        northbound
                .read(Northbound.selects(
                        Kind.ROUTE.table(),
                        holder.uuids("static_routes"),
                        List.of("ip_prefix", "nexthop", "policy", Mark.COLUMN)))
                .stream()
                .flatMap(List::stream)
                .filter(route -> mark.keyOf(route).isEmpty()
                        && route.string("ip_prefix").equals("0.0.0.0/0")
                        && route.optionalString("policy")
                                .filter("src-ip"::equals)
                                .isEmpty())
                .findFirst()
                .ifPresent(route -> {
                    throw new Refused(
                            Reason.CONFLICT,
                            "router %s has a default route to %s that is not ours"
                                    .formatted(holder.id(), route.string("nexthop")));
                });
    }

    private Key key(Kind kind) {
        return Key.of(kind, mark.cluster());
    }

    private Key key(Kind kind, String which) {
        return Key.of(kind, mark.cluster(), which);
    }

    private Row fit(Key key, Row row) {
        return northbound.fit(key.table(), row.with(Mark.COLUMN, mark.on(key)));
    }

    private List<Operation> externalSwitch(Found found, GatewaySpec.Attachment at) {
        Key key = key(Kind.EXTERNAL_SWITCH);
        Row row = fit(key, Row.empty().with("name", key.name()).with("other_config", Value.emptyMap()));
        List<Operation> operations = new ArrayList<>(root(key, row, found.all(Kind.EXTERNAL_SWITCH)));
        UUID id = found.first(Kind.EXTERNAL_SWITCH).map(Row::id).orElse(key.row());
        Set<UUID> held = found.first(Kind.EXTERNAL_SWITCH)
                .map(there -> there.uuids("ports"))
                .orElse(Set.of());
        Key localnet = key(Kind.LOCALNET);
        Key uplink = key(Kind.EXTERNAL_UPLINK);
        Map<Key, Row> ports = new LinkedHashMap<>();
        ports.put(
                localnet,
                fit(
                        localnet,
                        Switches.plain(NodeRows.PORT_COLUMNS)
                                .with("name", localnet.name())
                                .with("type", "localnet")
                                .with("addresses", "unknown")
                                .with(
                                        "tag",
                                        at.vlan() == null
                                                ? Value.emptySet()
                                                : Atom.of(at.vlan().id()))
                                .with("options", Map.of("network_name", at.physicalNetwork()))));
        // Whoever takes the gateway over tells the segment where its addresses are now. One announcement moves the MAC,
        // which is one for all, so that thousands of balancers need none of their own.
        ports.put(
                uplink,
                fit(
                        uplink,
                        Switches.plain(NodeRows.PORT_COLUMNS)
                                .with("name", uplink.name())
                                .with("type", "router")
                                .with("addresses", "router")
                                .with(
                                        "options",
                                        Map.of(
                                                "router-port",
                                                key(Kind.EXTERNAL_PORT).name(),
                                                "nat-addresses",
                                                "router",
                                                "exclude-lb-vips-from-garp",
                                                "true"))));
        List<Row> there = Stream.of(Kind.LOCALNET, Kind.EXTERNAL_UPLINK)
                .flatMap(kind -> found.all(kind).stream())
                .toList();
        operations.addAll(parts(ports, there, new Holder(key.table(), id, "ports", held)));
        return operations;
    }

    private List<Operation> limits(Found found) {
        UUID localnet = found.first(Kind.LOCALNET)
                .map(Row::id)
                .orElse(key(Kind.LOCALNET).row());
        return new SourceLimits(northbound, mark).guard(localnet);
    }

    private List<Operation> routerPort(Found found, GatewaySpec.Attachment at, Row router) {
        Key key = key(Kind.EXTERNAL_PORT);
        Row wanted = Switches.plain(NodeRows.ROUTER_PORT_COLUMNS.stream()
                        .filter(column -> !column.equals("gateway_chassis"))
                        .toList())
                .with("name", key.name())
                .with("mac", MacAddress.derivedFrom(at.address()).toString())
                .with("networks", at.address() + "/" + at.network().prefixLength());
        List<Operation> operations = new ArrayList<>(parts(
                Map.of(key, fit(key, wanted)),
                found.all(Kind.EXTERNAL_PORT),
                new Holder(Routers.TABLE, router.id(), "ports", router.uuids("ports"))));
        UUID id = found.first(Kind.EXTERNAL_PORT).map(Row::id).orElse(key.row());
        Set<UUID> held = found.first(Kind.EXTERNAL_PORT)
                .map(there -> there.uuids("gateway_chassis"))
                .orElse(Set.of());
        Map<Key, Row> pins = new LinkedHashMap<>();
        for (int i = 0; i < at.chassis().size(); i++) {
            Key pin = key(Kind.EXTERNAL_PIN, at.chassis().get(i));
            pins.put(
                    pin,
                    fit(
                            pin,
                            Row.empty()
                                    .with("name", pin.name())
                                    .with("chassis_name", at.chassis().get(i))
                                    .with("priority", HIGHEST - i)
                                    .with("options", Value.emptyMap())));
        }
        Holder holder = new Holder(key.table(), id, "gateway_chassis", held);
        operations.addAll(parts(pins, found.all(Kind.EXTERNAL_PIN), holder));
        if (!found.foreignPins().isEmpty()) {
            operations.add(Operation.mutate(
                    key.table(),
                    Mutation.delete("gateway_chassis", Value.uuids(found.foreignPins())),
                    Condition.row(id)));
        }
        return operations;
    }

    private List<Operation> onRouter(Found found, GatewaySpec spec, GatewaySpec.Attachment at, Row router) {
        UUID port = found.first(Kind.EXTERNAL_PORT)
                .map(Row::id)
                .orElse(key(Kind.EXTERNAL_PORT).row());
        List<Operation> operations = new ArrayList<>();
        Map<Key, Row> routes = new LinkedHashMap<>();
        route(
                routes,
                "0.0.0.0/0",
                at.nextHop().toString(),
                Atom.of(key(Kind.EXTERNAL_PORT).name()));
        Stream.concat(spec.podCidrs().stream(), Stream.ofNullable(spec.serviceCidr()))
                .forEach(block -> route(routes, block.toString(), "discard", Value.emptySet()));
        operations.addAll(parts(
                routes,
                found.all(Kind.ROUTE),
                new Holder(Routers.TABLE, router.id(), "static_routes", router.uuids("static_routes"))));
        Key policy = key(Kind.POLICY);
        String name = key(Kind.EXTERNAL_PORT).name();
        Row noReturn = Switches.plain(GatewayRows.POLICY_COLUMNS)
                .with("priority", 1)
                .with("match", "inport == \"%1$s\" && outport == \"%1$s\"".formatted(name))
                .with("action", "drop");
        operations.addAll(parts(
                Map.of(policy, fit(policy, noReturn)),
                found.all(Kind.POLICY),
                new Holder(Routers.TABLE, router.id(), "policies", router.uuids("policies"))));
        operations.addAll(snat(found, spec, at, router, port));
        return operations;
    }

    private void route(Map<Key, Row> routes, String prefix, String nextHop, Value through) {
        Key key = key(Kind.ROUTE, prefix);
        routes.put(
                key,
                fit(
                        key,
                        Switches.plain(GatewayRows.ROUTE_COLUMNS)
                                .with("ip_prefix", prefix)
                                .with("nexthop", nextHop)
                                .with("route_table", "")
                                .with("output_port", through)));
    }

    private List<Operation> snat(Found found, GatewaySpec spec, GatewaySpec.Attachment at, Row router, UUID port) {
        List<Operation> operations = new ArrayList<>();
        Key exempt = key(Kind.NO_SNAT);
        boolean exempted = spec.snat() && !spec.noSnatCidrs().isEmpty();
        Value set = Value.emptySet();
        if (exempted) {
            List<String> blocks =
                    spec.noSnatCidrs().stream().map(Cidr::toString).toList();
            // A match names the set, and has no dashes in names.
            Row row =
                    Row.empty().with("name", exempt.name().replace('-', '_')).with("addresses", Value.strings(blocks));
            operations.addAll(root(exempt, fit(exempt, row), found.all(Kind.NO_SNAT)));
            set = Atom.of(found.first(Kind.NO_SNAT).map(Row::id).orElse(exempt.row()));
        } else {
            found.all(Kind.NO_SNAT).forEach(row -> operations.add(deletion(row)));
        }
        Map<Key, Row> nats = new LinkedHashMap<>();
        for (Cidr block : spec.snat() ? spec.podCidrs() : List.<Cidr>of()) {
            Key key = key(Kind.SNAT, block.toString());
            nats.put(
                    key,
                    fit(
                            key,
                            nat("snat", at.snatAddress(), block.toString(), port)
                                    .with("exempted_ext_ips", set)));
        }
        operations.addAll(
                parts(nats, found.all(Kind.SNAT), new Holder(Routers.TABLE, router.id(), "nat", router.uuids("nat"))));
        return operations;
    }

    static Row nat(String type, IpAddress outside, String inside, UUID port) {
        return Switches.plain(GatewayRows.NAT_COLUMNS)
                .with("type", type)
                .with("external_ip", outside.toString())
                .with("logical_ip", inside)
                .with("external_port_range", "")
                .with("gateway_port", port);
    }

    /** A row that stands by itself. */
    private List<Operation> root(Key key, Row wanted, List<Row> found) {
        List<Operation> operations = new ArrayList<>();
        if (found.isEmpty()) {
            operations.add(Operation.insert(key.table(), wanted).withId(key.row()));
        } else {
            operations.addAll(Northbound.mend(key.table(), found.getFirst(), wanted));
        }
        found.stream()
                .skip(1)
                .forEach(extra -> operations.add(Operation.delete(key.table(), Condition.row(extra.id()), mark.any())));
        return operations;
    }

    /** Rows that live as long as another one holds them. */
    private List<Operation> parts(Map<Key, Row> wanted, List<Row> found, Holder holder) {
        List<Operation> operations = new ArrayList<>();
        List<UUID> attach = new ArrayList<>();
        List<Row> detach = new ArrayList<>();
        wanted.forEach((key, row) -> {
            List<Row> there = found.stream().filter(each -> mark.is(each, key)).toList();
            if (there.isEmpty()) {
                operations.add(Operation.insert(key.table(), row).withId(key.row()));
                attach.add(key.row());
                return;
            }
            operations.addAll(Northbound.mend(key.table(), there.getFirst(), row));
            if (!holder.held().contains(there.getFirst().id())) {
                attach.add(there.getFirst().id());
            }
            there.stream().skip(1).forEach(detach::add);
        });
        found.stream()
                .filter(each -> mark.keyOf(each).filter(wanted::containsKey).isEmpty())
                .forEach(detach::add);
        if (!detach.isEmpty()) {
            operations.add(Operation.mutate(
                    holder.table(),
                    Mutation.delete(
                            holder.column(),
                            Value.uuids(detach.stream().map(Row::id).toList())),
                    Condition.row(holder.row())));
            detach.forEach(row -> operations.add(deletion(row)));
        }
        if (!attach.isEmpty()) {
            operations.add(Operation.mutate(
                    holder.table(),
                    Mutation.insert(holder.column(), Value.uuids(attach)),
                    Condition.row(holder.row())));
        }
        return operations;
    }
}
