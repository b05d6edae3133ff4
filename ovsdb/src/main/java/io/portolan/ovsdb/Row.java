package io.portolan.ovsdb;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;

/**
 * Columns and their values, immutable: what is written, what a select returns, what a replica holds.
 *
 * <p>A getter of a column that is absent from the row, or holds another type, throws and names the column; the
 * {@code optional…} ones give empty for an empty set.
 */
public record Row(Map<String, Value> columns) {

    private static final Row EMPTY = new Row(Map.of());

    public Row {
        columns = Map.copyOf(columns);
    }

    public static Row empty() {
        return EMPTY;
    }

    public Row with(String column, Value value) {
        Map<String, Value> more = new LinkedHashMap<>(columns);
        more.put(column, value);
        return new Row(more);
    }

    public Row with(String column, String text) {
        return with(column, Atom.of(text));
    }

    public Row with(String column, long number) {
        return with(column, Atom.of(number));
    }

    public Row with(String column, double number) {
        return with(column, Atom.of(number));
    }

    public Row with(String column, boolean truth) {
        return with(column, Atom.of(truth));
    }

    public Row with(String column, UUID uuid) {
        return with(column, Atom.of(uuid));
    }

    public Row with(String column, Map<String, String> entries) {
        return with(column, Value.stringMap(entries));
    }

    /** The row's own id, when {@code _uuid} was selected. */
    public UUID id() {
        return uuid("_uuid");
    }

    public boolean has(String column) {
        return columns.containsKey(column);
    }

    public Value value(String column) {
        Value value = columns.get(column);
        if (value == null) {
            throw new NoSuchElementException("the row has no column '" + column + "', only " + columns.keySet());
        }
        return value;
    }

    public String string(String column) {
        return text(column, only(column));
    }

    public long integer(String column) {
        return number(column, only(column));
    }

    public double real(String column) {
        return switch (only(column)) {
            case Atom.Real real -> real.number();
            case Atom.Int integer -> integer.number();
            case Atom other -> throw mistyped(column, "real", other);
        };
    }

    public boolean bool(String column) {
        return truth(column, only(column));
    }

    public UUID uuid(String column) {
        return id(column, only(column));
    }

    public Optional<String> optionalString(String column) {
        return optional(column).map(atom -> text(column, atom));
    }

    public OptionalLong optionalInteger(String column) {
        Optional<Atom> atom = optional(column);
        return atom.isPresent() ? OptionalLong.of(number(column, atom.get())) : OptionalLong.empty();
    }

    public Optional<Boolean> optionalBool(String column) {
        return optional(column).map(atom -> truth(column, atom));
    }

    public Optional<UUID> optionalUuid(String column) {
        return optional(column).map(atom -> id(column, atom));
    }

    public Set<String> strings(String column) {
        Set<String> all = new LinkedHashSet<>();
        value(column).atoms().forEach(atom -> all.add(text(column, atom)));
        return Set.copyOf(all);
    }

    public Set<Long> integers(String column) {
        Set<Long> all = new LinkedHashSet<>();
        value(column).atoms().forEach(atom -> all.add(number(column, atom)));
        return Set.copyOf(all);
    }

    public Set<UUID> uuids(String column) {
        Set<UUID> all = new LinkedHashSet<>();
        value(column).atoms().forEach(atom -> all.add(id(column, atom)));
        return Set.copyOf(all);
    }

    public Map<String, String> stringMap(String column) {
        Map<String, String> all = new LinkedHashMap<>();
        value(column).entries().forEach((key, value) -> all.put(text(column, key), text(column, value)));
        return Map.copyOf(all);
    }

    private Atom only(String column) {
        if (value(column) instanceof Atom atom) {
            return atom;
        }
        throw new NoSuchElementException("column '" + column + "' holds no single value: " + value(column));
    }

    private Optional<Atom> optional(String column) {
        return value(column).atoms().isEmpty() ? Optional.empty() : Optional.of(only(column));
    }

    private static String text(String column, Atom atom) {
        if (atom instanceof Atom.Text text) {
            return text.text();
        }
        throw mistyped(column, "string", atom);
    }

    private static long number(String column, Atom atom) {
        if (atom instanceof Atom.Int integer) {
            return integer.number();
        }
        throw mistyped(column, "integer", atom);
    }

    private static boolean truth(String column, Atom atom) {
        if (atom instanceof Atom.Bool bool) {
            return bool.truth();
        }
        throw mistyped(column, "boolean", atom);
    }

    private static UUID id(String column, Atom atom) {
        if (atom instanceof Atom.Id id) {
            return id.uuid();
        }
        throw mistyped(column, "uuid", atom);
    }

    private static IllegalStateException mistyped(String column, String wanted, Atom found) {
        return new IllegalStateException("column '" + column + "' holds no " + wanted + " but " + found);
    }
}
