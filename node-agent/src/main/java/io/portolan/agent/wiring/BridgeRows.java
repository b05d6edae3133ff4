package io.portolan.agent.wiring;

import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** One bridge as the switch's database shows it at one moment. */
record BridgeRows(Snapshot now, String name) {
    Optional<Row> bridge() {
        return now.table("Bridge").values().stream()
                .filter(row -> row.string("name").equals(name))
                .findFirst();
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
