package io.portolan.sdn.ovn;

import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbException;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.TransactResult;
import io.portolan.sdn.SdnBindings;
import io.portolan.sdn.SdnFailure.Unavailable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Which chassis has bound which port, from OVN's southbound database: read in one transaction, so that no port is missing
 * for having moved meanwhile, and never written.
 */
final class OvnBindings implements SdnBindings {
    static final String DATABASE = "OVN_Southbound";

    private static final Operation.Select PORTS = new Operation.Select(
            "Port_Binding", List.of(Condition.is("type", "")), List.of("logical_port", "chassis", "up"));
    private static final Operation.Select CHASSIS =
            new Operation.Select("Chassis", List.of(), List.of("_uuid", "name"));

    private final OvsdbClient southbound;
    private final String endpoints;

    OvnBindings(OvsdbClient southbound, String endpoints) {
        this.southbound = southbound;
        this.endpoints = endpoints;
    }

    @Override
    public Map<String, Binding> all() {
        TransactResult result;
        try {
            result = southbound.transact(List.of(PORTS, CHASSIS));
        } catch (OvsdbException e) {
            throw new Unavailable(
                    "OVN's southbound database at %s cannot be read: %s".formatted(endpoints, e.getMessage()), e);
        }
        Map<UUID, String> names = new HashMap<>();
        result.rows(1).forEach(row -> names.put(row.id(), row.string("name")));
        Map<String, Binding> all = new HashMap<>();
        for (Row row : result.rows(0)) {
            String chassis = row.uuids("chassis").stream()
                    .map(id -> names.getOrDefault(id, id.toString()))
                    .findFirst()
                    .orElse(null);
            boolean up = row.optionalBool("up").orElse(chassis != null);
            if (chassis != null || up) {
                all.put(row.string("logical_port"), new Binding(chassis, up));
            }
        }
        return all;
    }
}
