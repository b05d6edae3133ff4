package io.portolan.sdn.ovn;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.ovn.Northbound.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The cluster's {@code Logical_Router}: made by us, or somebody's that we were given. */
final class Routers {
    static final String TABLE = "Logical_Router";
    private static final String PORTS = "Logical_Router_Port";
    private static final String ROUTES = "Logical_Router_Static_Route";
    private static final List<String> COLUMNS = List.of("_uuid", "name", "enabled", "ports", Mark.COLUMN);

    /** A router of a thousand nodes has long lists; who only needs to know that it is there does without. */
    private static final List<String> IDENTITY = List.of("_uuid", "name", Mark.COLUMN);

    private final Northbound northbound;
    private final Mark mark;
    private final Key key;

    Routers(Northbound northbound, Mark mark) {
        this.northbound = northbound;
        this.mark = mark;
        this.key = Key.router(mark.cluster());
    }

    Router ensure(RouterSpec spec) {
        if (spec.externalNetwork() != null) {
            throw new Refused(Reason.NOT_SUPPORTED, "a router in OVN has no external network here");
        }
        Row wanted = Row.empty()
                .with("name", spec.cluster().value() + "_" + mark.cluster())
                .with("enabled", Value.emptySet())
                .with(Mark.COLUMN, mark.on(key));
        return northbound.settle("making the cluster's router", () -> {
            List<Row> found = marked();
            if (found.isEmpty()) {
                Operation insert =
                        Operation.insert(TABLE, northbound.fit(TABLE, wanted)).withId(key.row());
                return new Change<>(List.of(insert), new Router(key.row().toString()));
            }
            Row first = found.getFirst();
            List<Operation> operations = new ArrayList<>(Northbound.mend(TABLE, first, northbound.fit(TABLE, wanted)));
            found.stream().skip(1).forEach(extra -> operations.addAll(removal(extra)));
            return new Change<>(operations, new Router(first.id().toString()));
        });
    }

    Optional<Router> own() {
        return marked().stream().findFirst().map(row -> new Router(row.id().toString()));
    }

    void delete() {
        northbound.settle(
                "deleting the cluster's router",
                () -> new Change<>(
                        marked().stream().flatMap(row -> removal(row).stream()).toList(), true));
    }

    Router adopt(String routerId, RouterSpec spec) {
        Row router = find(routerId);
        for (Network network : behind(router)) {
            if (spec.podCidrs().stream().anyMatch(network.cidr()::overlaps)) {
                throw new Refused(
                        Reason.SUBNET_OVERLAP,
                        "%s behind router %s (%s) overlaps the cluster's pods"
                                .formatted(network.cidr(), routerId, network.where()));
            }
        }
        return new Router(router.id().toString());
    }

    /** By {@code _uuid}, or by a name that only one router has. */
    Row find(String routerId) {
        Optional<UUID> uuid = uuid(routerId);
        Condition condition = uuid.map(Condition::row).orElseGet(() -> Condition.is("name", routerId));
        List<Row> found = northbound.read(new Operation.Select(TABLE, List.of(condition), IDENTITY));
        if (found.isEmpty() && uuid.isPresent()) {
            found = northbound.read(new Operation.Select(TABLE, List.of(Condition.is("name", routerId)), IDENTITY));
        }
        if (found.isEmpty()) {
            throw new Refused(Reason.NOT_FOUND, "there is no router " + routerId);
        }
        if (found.size() > 1) {
            throw new Refused(
                    Reason.CONFLICT,
                    "%d routers are called %s: name one by its _uuid, such as %s"
                            .formatted(found.size(), routerId, found.getFirst().id()));
        }
        return found.getFirst();
    }

    /** The one that we would have made comes first, should there be several. */
    private List<Row> marked() {
        return NodeRows.oursFirst(northbound.read(new Operation.Select(TABLE, List.of(mark.is(key)), COLUMNS)), key);
    }

    private static List<Operation> removal(Row router) {
        if (!router.uuids("ports").isEmpty()) {
            throw new Refused(
                    Reason.IN_USE,
                    "router %s has %d ports still"
                            .formatted(router.id(), router.uuids("ports").size()));
        }
        return List.of(
                Northbound.unchanged(TABLE, router, List.of("ports", Mark.COLUMN)),
                Operation.delete(TABLE, Condition.row(router.id())));
    }

    private record Network(Cidr cidr, String where) {}

    /** What is reachable through the router, but for the cluster's own switches and default routes. */
    private List<Network> behind(Row router) {
        List<Operation.Select> selects = new ArrayList<>();
        for (Row lists : northbound.read(
                new Operation.Select(TABLE, List.of(Condition.row(router.id())), List.of("ports", "static_routes")))) {
            selects.addAll(Northbound.selects(PORTS, lists.uuids("ports"), List.of("name", "networks", Mark.COLUMN)));
            selects.addAll(Northbound.selects(
                    ROUTES, lists.uuids("static_routes"), List.of("ip_prefix", "nexthop", "policy", Mark.COLUMN)));
        }
        List<Network> networks = new ArrayList<>();
        for (List<Row> rows : northbound.read(selects)) {
            for (Row row : rows) {
                if (mark.keyOf(row).isPresent()) {
                    continue;
                }
                if (row.has("ip_prefix")) {
                    route(row).ifPresent(networks::add);
                } else {
                    row.strings("networks")
                            .forEach(text ->
                                    networks.add(new Network(network(text), "on its port " + row.string("name"))));
                }
            }
        }
        return networks;
    }

    private static Optional<Network> route(Row row) {
        boolean bySource = row.optionalString("policy").filter("src-ip"::equals).isPresent();
        Cidr prefix = network(row.string("ip_prefix"));
        return bySource || prefix.prefixLength() == 0
                ? Optional.empty()
                : Optional.of(new Network(prefix, "a static route to " + row.string("nexthop")));
    }

    /** Reads an address with a prefix length, or alone. */
    private static Cidr network(String text) {
        try {
            int slash = text.indexOf('/');
            IpAddress address = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
            return slash < 0
                    ? Cidr.around(address, address.family().bits())
                    : Cidr.around(address, Integer.parseInt(text.substring(slash + 1)));
        } catch (Malformed | NumberFormatException e) {
            throw new Refused(Reason.CONFLICT, "'" + text + "' behind the router cannot be compared with the pods'");
        }
    }

    private static Optional<UUID> uuid(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
