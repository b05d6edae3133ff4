package io.portolan.ovsdb;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** All tables of a replica as they were at one moment, between two transactions. */
public record Snapshot(Map<String, Map<UUID, Row>> tables) {

    public Snapshot {
        tables = Map.copyOf(tables);
    }

    public Map<UUID, Row> table(String table) {
        return tables.getOrDefault(table, Map.of());
    }

    public Optional<Row> row(String table, UUID id) {
        return Optional.ofNullable(table(table).get(id));
    }
}
