package io.portolan.ovsdb;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The tables and columns of a database, as far as a client needs them. */
public record Schema(String name, String version, Map<String, Table> tables) {

    public record Table(Map<String, ColumnType> columns) {
        public Table {
            columns = Map.copyOf(columns);
        }
    }

    public Schema {
        tables = Map.copyOf(tables);
    }

    /** Whether this server's version of the schema knows the column. */
    public boolean has(String table, String column) {
        return tables.containsKey(table) && tables.get(table).columns().containsKey(column);
    }

    static Schema read(JsonNode node) {
        Map<String, Table> tables = new LinkedHashMap<>();
        node.path("tables").properties().forEach(table -> {
            Map<String, ColumnType> columns = new LinkedHashMap<>();
            table.getValue()
                    .path("columns")
                    .properties()
                    .forEach(column -> columns.put(
                            column.getKey(), ColumnType.read(column.getValue().path("type"))));
            tables.put(table.getKey(), new Table(columns));
        });
        return new Schema(node.path("name").asString(), node.path("version").asString(), tables);
    }
}
