package io.portolan.sdn.ovn;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress.Family;
import io.portolan.model.LoadBalancerId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.ovn.Key.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Who outside may use a listener: two rows of {@code ACL} for each that is limited, one that lets its sources pass and below
 * it one that drops everybody else.
 *
 * <p>They hang on a {@code Port_Group} of the cluster's whose one member is the gateway's {@code localnet} port, so what comes
 * from outside meets them before the router does, and what comes from pods never does. They look at each packet by itself
 * ({@code allow-stateless}): the switch to the outside stays without connection tracking, and a source that is taken out is
 * cut off in mid-connection. A balancer's rows are written in the balancer's own transaction, and the gateway joins the group
 * in its own: a limited address is never open in between.
 *
 * <p>Not one row that drops by {@code ip4.src != {…}}: OVN makes a flow of every combination of those.
 */
record SourceLimits(Northbound northbound, Mark mark) {
    static final String TABLE = Kind.SOURCE_LIMITS.table();
    static final String HELD = AclRows.REFERENCES;

    /** In the mark of a row: what it is called within its balancer. */
    static final String LIMIT = "portolan:limit";

    /** In the mark of a row, so that an audit finds them among the rules of security profiles. */
    private static final String KIND = "portolan:kind";

    private static final String SOURCES = "sources";
    private static final String PORTS = "ports";
    private static final int DROP = 2000;
    private static final int PASS = DROP + 1;

    static UUID id(LoadBalancerId balancer, String limit) {
        return BalancerRows.id(balancer, "limit/" + limit);
    }

    private Key key() {
        return Key.of(Kind.SOURCE_LIMITS, mark.cluster());
    }

    /** The group. */
    UUID row() {
        return key().row();
    }

    private String name() {
        return "portolan_sources_" + mark.cluster().toString().replace("-", "");
    }

    private Row group() {
        return northbound.fit(TABLE, Row.empty().with("name", name()).with(Mark.COLUMN, mark.on(key())));
    }

    /** By their names. */
    Map<String, Row> of(LoadBalancerSpec spec) {
        Map<String, Row> rows = new TreeMap<>();
        for (Listener listener : spec.listeners()) {
            if (!isLimited(listener)) {
                continue;
            }
            if (listener.frontend().reach() != Reach.OUTSIDE) {
                throw new Refused(Reason.NOT_SUPPORTED, "OVN's load balancers cannot limit which pods use them");
            }
            String transport = listener.frontend().transport().name().toLowerCase(Locale.ROOT);
            boolean six = listener.frontend().address().family() == Family.IPV6;
            String packets = "inport == @%s && %s.dst == %s && %s.dst == %d"
                    .formatted(
                            name(),
                            six ? "ip6" : "ip4",
                            listener.frontend().address(),
                            transport,
                            listener.frontend().port());
            String sources = listener.sources().stream()
                    .filter(range -> (range.family() == Family.IPV6) == six)
                    .map(Cidr::toString)
                    .collect(Collectors.joining(", ", "{", "}"));
            String at = "%s/%s/%d"
                    .formatted(
                            transport,
                            listener.frontend().address(),
                            listener.frontend().port());
            put(rows, spec, at + "/drop", AclRows.row(AclRows.FROM_PORT, DROP, packets, "drop"));
            if (!sources.equals("{}")) {
                put(
                        rows,
                        spec,
                        at + "/pass",
                        AclRows.row(
                                AclRows.FROM_PORT,
                                PASS,
                                "%s && %s.src == %s".formatted(packets, six ? "ip6" : "ip4", sources),
                                "allow-stateless"));
            }
        }
        return rows;
    }

    private static boolean isLimited(Listener listener) {
        Family family = listener.frontend().address().family();
        return !listener.sources().isEmpty()
                && listener.sources().stream()
                        .noneMatch(range -> range.family() == family && range.prefixLength() == 0);
    }

    private void put(Map<String, Row> rows, LoadBalancerSpec spec, String limit, Row row) {
        Map<Atom, Atom> entries =
                new HashMap<>(mark.on(Key.loadBalancer(spec.id())).entries());
        entries.put(Atom.of(KIND), Atom.of(SOURCES));
        entries.put(Atom.of(LIMIT), Atom.of(limit));
        rows.put(limit, northbound.fit(AclRows.TABLE, row.with(Mark.COLUMN, Value.map(entries))));
    }

    /** All rows of all balancers. */
    Operation.Select all() {
        return new Operation.Select(
                AclRows.TABLE,
                List.of(mark.any(), Condition.includes(Mark.COLUMN, KIND, SOURCES)),
                northbound.known(AclRows.TABLE, AclRows.COLUMNS));
    }

    List<Operation.Select> rows(Set<UUID> ids) {
        return Northbound.selects(AclRows.TABLE, ids, northbound.known(AclRows.TABLE, AclRows.COLUMNS));
    }

    /** What the group holds. */
    Operation.Select held() {
        return new Operation.Select(TABLE, List.of(Condition.row(row())), List.of("_uuid", HELD));
    }

    Operation.Select of(LoadBalancerId balancer) {
        return new Operation.Select(
                AclRows.TABLE,
                List.of(mark.is(Key.loadBalancer(balancer))),
                northbound.known(AclRows.TABLE, AclRows.COLUMNS));
    }

    /** The group, with the gateway's port if there is one, where the gateway was made before there was such a group. */
    List<Operation> insertIfMissing() {
        if (!northbound.read(select()).isEmpty()) {
            return List.of();
        }
        List<Row> ports = northbound.read(new Operation.Select(
                Kind.LOCALNET.table(), List.of(mark.is(Key.of(Kind.LOCALNET, mark.cluster()))), List.of("_uuid")));
        return List.of(Operation.insert(
                        TABLE,
                        group().with(
                                        PORTS,
                                        Value.uuids(ports.stream().map(Row::id).toList())))
                .withId(row()));
    }

    private Operation.Select select() {
        return new Operation.Select(TABLE, List.of(Condition.row(row())), List.of("_uuid", "name", PORTS, Mark.COLUMN));
    }

    /** For the transaction that makes the gateway. */
    List<Operation> guard(UUID localnet) {
        Row wanted = group().with(PORTS, Value.uuids(Set.of(localnet)));
        List<Row> found = northbound.read(select());
        return found.isEmpty()
                ? List.of(Operation.insert(TABLE, wanted).withId(row()))
                : Northbound.mend(TABLE, found.getFirst(), wanted);
    }

    Operation hold(Set<UUID> limits) {
        return Operation.mutate(TABLE, Mutation.insert(HELD, Value.uuids(limits)), Condition.row(row()));
    }

    /** They go with it: nothing else refers to them. */
    Operation release(Set<UUID> limits) {
        return Operation.mutate(TABLE, Mutation.delete(HELD, Value.uuids(limits)), Condition.row(row()));
    }

    /** For a cluster that is taken down. */
    List<Operation> delete() {
        return northbound.read(select()).isEmpty()
                ? List.of()
                : List.of(Operation.delete(TABLE, Condition.row(row()), mark.any()));
    }

    Operation.Select holding(UUID limit) {
        return new Operation.Select(
                TABLE, List.of(Condition.row(row()), Condition.includes(HELD, Atom.of(limit))), List.of("_uuid"));
    }
}
