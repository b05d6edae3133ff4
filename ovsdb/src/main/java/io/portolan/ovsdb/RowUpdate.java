package io.portolan.ovsdb;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One row's part of an update from the server. */
sealed interface RowUpdate {

    String table();

    UUID id();

    /** The row afterwards, null when it is gone. */
    @Nullable Row applyTo(@Nullable Row before);

    record Put(String table, UUID id, Row row) implements RowUpdate {
        @Override
        public Row applyTo(@Nullable Row before) {
            return row;
        }
    }

    record Patch(String table, UUID id, Schema.Table type, Row difference) implements RowUpdate {
        @Override
        public Row applyTo(@Nullable Row before) {
            if (before == null) {
                throw new IllegalStateException("a change of the unknown row " + id + " of " + table);
            }
            Map<String, Value> columns = new LinkedHashMap<>(before.columns());
            difference.columns().forEach((column, value) -> {
                ColumnType columnType = type.columns().get(column);
                if (columnType != null) {
                    columns.put(column, columnType.patched(before.value(column), value));
                }
            });
            return new Row(columns);
        }
    }

    record Remove(String table, UUID id) implements RowUpdate {
        @Override
        public @Nullable Row applyTo(@Nullable Row before) {
            return null;
        }
    }
}
