package io.portolan.agent.wiring;

import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** One bridge as the switch's database shows it at one moment. */
record BridgeRows(Snapshot now, String name) {
    private static final String CONFIGURATION = "ovn-nb-cfg";

    Optional<Row> bridge() {
        return now.table("Bridge").values().stream()
                .filter(row -> row.string("name").equals(name))
                .findFirst();
    }

    /** The number of the network's configuration that ovn-controller has carried out here; 0 before the first. */
    long configuration() {
        String number = bridge().map(row -> row.stringMap("external_ids").get(CONFIGURATION))
                .orElse("0");
        return number.matches("[0-9]{1,18}") ? Long.parseLong(number) : 0;
    }

    /** All its ports, ours or not. */
    List<Row> ports() {
        Set<UUID> ids = bridge().map(row -> row.uuids("ports")).orElse(Set.of());
        return ids.stream().flatMap(id -> now.row("Port", id).stream()).toList();
    }

    Optional<Row> port(String portName) {
        return ports().stream()
                .filter(row -> row.string("name").equals(portName))
                .findFirst();
    }

    /** A bond has several. */
    List<Row> interfaces(Row port) {
        return port.uuids("interfaces").stream()
                .flatMap(id -> now.row("Interface", id).stream())
                .toList();
    }
}
