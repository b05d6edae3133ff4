package io.portolan.ovsdb;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One step of a transaction. */
public sealed interface Operation {

    /**
     * @param name under which operations of the same transaction may refer to the row ({@link Atom#named})
     * @param id the row's id, chosen by the caller; a second insert of it is refused as {@code duplicate uuid}, as long
     *     as the first one's row exists (Open vSwitch 2.13 or later)
     */
    record Insert(
            String table,
            Row row,
            @Nullable String name,
            @Nullable UUID id) implements Operation {
        public Insert {
            if (name != null) {
                Atom.requireIdentifier(name);
            }
        }

        public Insert named(String rowName) {
            return new Insert(table, row, rowName, id);
        }

        public Insert withId(UUID rowId) {
            return new Insert(table, row, name, rowId);
        }
    }

    /** @param columns all when empty */
    record Select(String table, List<Condition> where, List<String> columns) implements Operation {
        public Select {
            where = List.copyOf(where);
            columns = List.copyOf(columns);
        }

        public Select columns(String... names) {
            return new Select(table, where, List.of(names));
        }
    }

    record Update(String table, List<Condition> where, Row row) implements Operation {
        public Update {
            where = List.copyOf(where);
        }
    }

    record Mutate(String table, List<Condition> where, List<Mutation> mutations) implements Operation {
        public Mutate {
            where = List.copyOf(where);
            mutations = List.copyOf(mutations);
        }
    }

    record Delete(String table, List<Condition> where) implements Operation {
        public Delete {
            where = List.copyOf(where);
        }
    }

    /**
     * Waits until the rows that fit are (or are not) exactly these, else refuses the transaction as {@code timed out}.
     *
     * @param timeout zero: must hold at once
     */
    record Wait(
            String table, List<Condition> where, List<String> columns, boolean equal, List<Row> rows, Duration timeout)
            implements Operation {
        public Wait {
            where = List.copyOf(where);
            columns = List.copyOf(columns);
            rows = List.copyOf(rows);
        }
    }

    /** @param durable do not answer before the disk has it; the default of OVSDB does not sync */
    record Commit(boolean durable) implements Operation {}

    record Abort() implements Operation {}

    record Comment(String text) implements Operation {}

    /** Refuses the transaction as {@code not owner} unless this connection owns the lock. */
    record AssertLock(String lock) implements Operation {
        public AssertLock {
            Atom.requireIdentifier(lock);
        }
    }

    static Insert insert(String table, Row row) {
        return new Insert(table, row, null, null);
    }

    static Select select(String table, Condition... where) {
        return new Select(table, List.of(where), List.of());
    }

    /** Without a condition every row of the table is changed; the same holds for mutate and delete. */
    static Update update(String table, Row row, Condition... where) {
        return new Update(table, List.of(where), row);
    }

    static Mutate mutate(String table, List<Mutation> mutations, Condition... where) {
        return new Mutate(table, List.of(where), mutations);
    }

    static Mutate mutate(String table, Mutation mutation, Condition... where) {
        return mutate(table, List.of(mutation), where);
    }

    static Delete delete(String table, Condition... where) {
        return new Delete(table, List.of(where));
    }

    /** The one row that fits must have these values now. */
    static Wait expect(String table, Row row, Condition... where) {
        return new Wait(table, List.of(where), List.copyOf(row.columns().keySet()), true, List.of(row), Duration.ZERO);
    }

    /** No row may fit now. */
    static Wait expectNone(String table, Condition... where) {
        return new Wait(table, List.of(where), List.of("_uuid"), true, List.of(), Duration.ZERO);
    }

    static Commit commitDurably() {
        return new Commit(true);
    }

    static Comment comment(String text) {
        return new Comment(text);
    }

    static AssertLock assertLock(String lock) {
        return new AssertLock(lock);
    }
}
