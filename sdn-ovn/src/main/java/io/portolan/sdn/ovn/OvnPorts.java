package io.portolan.sdn.ovn;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.Malformed;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.NodeRows.Found;
import io.portolan.sdn.ovn.Northbound.Change;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Pods' ports: rows of {@code Logical_Switch_Port}, as many as are asked for in one transaction. A port's name, its
 * {@code iface-id} and its row's {@code _uuid} are all its id.
 *
 * <p>{@code up} is never looked at: until a node binds it, a port is down, and it is no less good for that.
 */
record OvnPorts(Northbound northbound, Mark mark, NodeRows rows) implements SdnPorts {
    private static final String TABLE = Kind.PORT.table();
    /** Some hundred ports more or less make no difference to one transaction; its size is to stay in bounds. */
    private static final int BULK = 1024;

    private static final MacAddress UNREADABLE = MacAddress.parse("02:00:00:00:00:00");

    @Override
    public List<SdnPort> list(NodeId node) {
        return pods(rows.look(node)).entrySet().stream()
                .map(entry -> read(entry.getKey(), entry.getValue().getFirst()))
                .toList();
    }

    @Override
    public List<SdnPort> ensure(NodeId node, Collection<PortSpec> ports) {
        Map<PortId, PortSpec> wanted = new LinkedHashMap<>();
        ports.forEach(spec -> wanted.put(spec.id(), spec));
        wanted.values().forEach(OvnPorts::refuseNesting);
        return northbound.settle("making ports of node " + node, () -> {
            Found found = rows.look(node);
            Row on = found.theSwitch()
                    .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "node " + node + " has no switch"));
            Map<PortId, List<Row>> there = pods(found);
            refuseTakenAddresses(found, wanted);
            List<Operation> operations = new ArrayList<>();
            List<UUID> missing = new ArrayList<>();
            List<UUID> extra = new ArrayList<>();
            for (PortSpec spec : wanted.values()) {
                Key key = Key.port(spec.id());
                List<Row> same = there.getOrDefault(spec.id(), List.of());
                if (same.isEmpty()) {
                    operations.add(Operation.insert(TABLE, row(spec)).withId(key.row()));
                    missing.add(key.row());
                } else {
                    operations.addAll(Northbound.mend(TABLE, same.getFirst(), row(spec)));
                    same.stream().skip(1).map(Row::id).forEach(extra::add);
                }
            }
            operations.addAll(onSwitch(on, missing, extra));
            if (!operations.isEmpty()) {
                operations.addFirst(guard(on));
            }
            return new Change<>(
                    operations, wanted.values().stream().map(OvnPorts::made).toList());
        });
    }

    @Override
    public void delete(NodeId node, Collection<PortId> ports) {
        Set<PortId> gone = Set.copyOf(ports);
        northbound.settle("deleting ports of node " + node, () -> {
            Found found = rows.look(node);
            List<UUID> extra = pods(found).entrySet().stream()
                    .filter(entry -> gone.contains(entry.getKey()))
                    .flatMap(entry -> entry.getValue().stream().map(Row::id))
                    .toList();
            if (extra.isEmpty()) {
                return Change.none(true);
            }
            Row on = found.theSwitch().orElseThrow();
            List<Operation> operations = new ArrayList<>(onSwitch(on, List.of(), extra));
            operations.addFirst(guard(on));
            return new Change<>(operations, true);
        });
    }

    /** Rows of ours on the switch by what they stand for; the one that we made comes first. */
    private Map<PortId, List<Row>> pods(Found found) {
        Map<PortId, List<Row>> pods = new TreeMap<>();
        for (Row row : found.ports()) {
            mark.keyOf(row).filter(key -> key.kind() == Kind.PORT).ifPresent(key -> {
                List<Row> same = pods.computeIfAbsent(new PortId(key.id()), id -> new ArrayList<>());
                same.add(row.id().equals(key.row()) ? 0 : same.size(), row);
            });
        }
        return pods;
    }

    private static Operation guard(Row on) {
        return Northbound.unchanged(Kind.SWITCH.table(), on, List.of("ports", Mark.COLUMN));
    }

    private static List<Operation> onSwitch(Row on, List<UUID> missing, List<UUID> extra) {
        List<Mutation> mutations = new ArrayList<>();
        if (!missing.isEmpty()) {
            mutations.add(Mutation.insert("ports", Value.uuids(missing)));
        }
        if (!extra.isEmpty()) {
            mutations.add(Mutation.delete("ports", Value.uuids(extra)));
        }
        return mutations.isEmpty()
                ? List.of()
                : List.of(Operation.mutate(Kind.SWITCH.table(), mutations, Condition.row(on.id())));
    }

    @Override
    public int bulk() {
        return BULK;
    }

    private static void refuseNesting(PortSpec spec) {
        if (spec.nesting() != null) {
            throw new Refused(
                    Reason.NOT_SUPPORTED, "port " + spec.id() + " is inside a VM: overlay mode has no such ports");
        }
    }

    /** Compared with all that will be on the switch then: the router port, strangers, and ports that are not named. */
    private void refuseTakenAddresses(Found found, Map<PortId, PortSpec> wanted) {
        Map<String, String> holders = new HashMap<>();
        found.routerPort()
                .ifPresent(row -> row.strings("networks")
                        .forEach(network ->
                                holders.put(network.substring(0, network.indexOf('/')), "the router's port")));
        for (Row row : found.ports()) {
            boolean replaced = mark.keyOf(row)
                    .filter(key -> key.kind() == Kind.PORT && wanted.containsKey(new PortId(key.id())))
                    .isPresent();
            if (!replaced) {
                row.strings("addresses").stream()
                        .flatMap(text -> Arrays.stream(text.split("\\s+")).skip(1))
                        .forEach(address -> holders.put(address, "port " + row.string("name")));
            }
        }
        for (PortSpec spec : wanted.values()) {
            for (IpAddress address : spec.addresses()) {
                String holder = holders.put(address.toString(), "port " + spec.id());
                if (holder != null) {
                    throw new Refused(
                            Reason.CONFLICT,
                            "%s cannot have %s: %s has it".formatted("port " + spec.id(), address, holder));
                }
            }
        }
    }

    private Row row(PortSpec spec) {
        Key key = Key.port(spec.id());
        String addresses = Stream.concat(Stream.of(spec.mac()), spec.addresses().stream())
                .map(Object::toString)
                .collect(Collectors.joining(" "));
        return northbound.fit(
                TABLE,
                Switches.plain(NodeRows.PORT_COLUMNS)
                        .with("name", key.name())
                        .with("type", "")
                        .with("addresses", addresses)
                        .with("port_security", addresses)
                        .with(Mark.COLUMN, mark.on(key)));
    }

    private static SdnPort made(PortSpec spec) {
        return new SdnPort(spec.id(), Key.port(spec.id()).name(), spec.mac(), spec.addresses(), true, null);
    }

    /** What cannot be read, because somebody else wrote it, is a fault and not a failure: the next ensure mends it. */
    private static SdnPort read(PortId id, Row row) {
        String name = row.string("name");
        try {
            Value addresses = row.value("addresses");
            if (!(addresses instanceof Atom.Text text)) {
                return new SdnPort(id, name, UNREADABLE, List.of(), false, "its addresses in OVN are " + addresses);
            }
            List<String> words = List.of(text.text().split("\\s+"));
            String fault = row.optionalBool("enabled").orElse(true) ? null : "it is disabled in OVN";
            return new SdnPort(
                    id,
                    name,
                    MacAddress.parse(words.getFirst()),
                    words.stream().skip(1).map(IpAddress::parse).toList(),
                    true,
                    fault);
        } catch (Malformed e) {
            return new SdnPort(
                    id, name, UNREADABLE, List.of(), false, "its addresses in OVN are not ours: " + e.getMessage());
        }
    }
}
