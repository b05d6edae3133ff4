package io.portolan.ovsdb;

import java.util.List;

/**
 * A table that a {@link Replica} copies.
 *
 * @param columns all when empty
 * @param whereAny rows that fit any of these; all rows when empty. A row that comes to fit counts as inserted, one that
 *     fits no more as deleted.
 */
public record Watch(String table, List<String> columns, List<Condition> whereAny) {

    public Watch {
        columns = List.copyOf(columns);
        whereAny = List.copyOf(whereAny);
    }

    public static Watch table(String table) {
        return new Watch(table, List.of(), List.of());
    }

    public Watch columns(String... names) {
        return new Watch(table, List.of(names), whereAny);
    }

    public Watch whereAny(Condition... conditions) {
        return new Watch(table, columns, List.of(conditions));
    }
}
