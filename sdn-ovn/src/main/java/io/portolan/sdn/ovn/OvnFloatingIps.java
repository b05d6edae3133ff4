package io.portolan.sdn.ovn;

import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.ovn.Key.Kind;
import io.portolan.sdn.ovn.Northbound.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Floating addresses: a {@code NAT} of both directions at the gateway, never at the pod's node. */
record OvnFloatingIps(Northbound northbound, Mark mark) implements SdnFloatingIps {
    private static final String TABLE = "NAT";

    @Override
    public List<FloatingIp> ownFloatingIps() {
        return marked(mark.any()).stream()
                .flatMap(row -> mark
                        .keyOf(row)
                        .filter(key -> key.kind() == Kind.FLOATING_IP)
                        .map(key -> new FloatingIp(
                                new FloatingIpId(key.id()),
                                IpAddress.parse(row.string("external_ip")),
                                IpAddress.parse(row.string("logical_ip"))))
                        .stream())
                .toList();
    }

    private List<Row> marked(Condition which) {
        return northbound.read(
                new Operation.Select(TABLE, List.of(which), northbound.known(TABLE, GatewayRows.NAT_COLUMNS)));
    }

    @Override
    public IpAddress ensureFloatingIp(FloatingIpSpec spec) {
        IpAddress address = spec.address();
        if (address == null) {
            throw new Refused(Reason.NOT_SUPPORTED, "OVN chooses no floating addresses");
        }
        FloatingIpSpec.Target target = spec.target();
        if (target == null) {
            deleteFloatingIp(spec.id());
            return address;
        }
        Key key = Key.floatingIp(spec.id());
        return northbound.settle("making floating address " + address, () -> {
            Row port = northbound
                    .read(new Operation.Select(
                            Kind.EXTERNAL_PORT.table(),
                            List.of(mark.is(Key.of(Kind.EXTERNAL_PORT, mark.cluster()))),
                            List.of("_uuid", "name", Mark.COLUMN)))
                    .stream()
                    .findFirst()
                    .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "the cluster has no gateway"));
            Row router = northbound
                    .read(new Operation.Select(
                            Routers.TABLE,
                            List.of(Condition.includes("ports", Atom.of(port.id()))),
                            List.of("_uuid", "nat")))
                    .stream()
                    .findFirst()
                    .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "the cluster's gateway is on no router"));
            Row wanted = northbound.fit(
                    TABLE,
                    OvnGateways.nat("dnat_and_snat", address, target.address().toString(), port.id())
                            .with(Mark.COLUMN, mark.on(key)));
            List<Row> found = NodeRows.oursFirst(marked(mark.is(key)), key);
            refuseTaken(spec.id(), address, router);
            List<Operation> operations = new ArrayList<>();
            if (found.isEmpty()) {
                operations.add(Operation.insert(TABLE, wanted).withId(key.row()));
            } else {
                operations.addAll(Northbound.mend(TABLE, found.getFirst(), wanted));
            }
            UUID row = found.isEmpty() ? key.row() : found.getFirst().id();
            if (!router.uuids("nat").contains(row)) {
                operations.add(Operation.mutate(
                        Routers.TABLE, Mutation.insert("nat", Atom.of(row)), Condition.row(router.id())));
            }
            found.stream().skip(1).forEach(extra -> operations.addAll(removal(extra)));
            if (!operations.isEmpty()) {
                operations.addFirst(Northbound.unchanged(Kind.EXTERNAL_PORT.table(), port, List.of(Mark.COLUMN)));
            }
            return new Change<>(operations, address);
        });
    }

    private void refuseTaken(FloatingIpId id, IpAddress address, Row router) {
        northbound
                .read(Northbound.selects(TABLE, router.uuids("nat"), List.of("external_ip", "type", Mark.COLUMN)))
                .stream()
                .flatMap(List::stream)
                .filter(nat ->
                        nat.string("external_ip").equals(address.toString()) && !mark.is(nat, Key.floatingIp(id)))
                .findFirst()
                .ifPresent(nat -> {
                    throw new Refused(
                            Reason.CONFLICT, "the router translates %s for something else".formatted(address));
                });
    }

    @Override
    public void deleteFloatingIp(FloatingIpId id) {
        northbound.settle(
                "deleting floating address " + id,
                () -> new Change<>(
                        marked(mark.is(Key.floatingIp(id))).stream()
                                .flatMap(row -> removal(row).stream())
                                .toList(),
                        true));
    }

    /** A row lives as long as a router has it. */
    private List<Operation> removal(Row nat) {
        return northbound
                .read(new Operation.Select(
                        Routers.TABLE, List.of(Condition.includes("nat", Atom.of(nat.id()))), List.of("_uuid")))
                .stream()
                .<Operation>map(router -> Operation.mutate(
                        Routers.TABLE, Mutation.delete("nat", Atom.of(nat.id())), Condition.row(router.id())))
                .toList();
    }
}
