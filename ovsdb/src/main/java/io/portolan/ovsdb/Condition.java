package io.portolan.ovsdb;

import java.util.Map;
import java.util.UUID;

/** A test of one column. All conditions of an operation must hold; of a {@link Watch} any one suffices. */
public record Condition(String column, Comparison comparison, Value value) {

    public enum Comparison {
        EQUAL("=="),
        NOT_EQUAL("!="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        INCLUDES("includes"),
        EXCLUDES("excludes");

        final String wire;

        Comparison(String wire) {
            this.wire = wire;
        }
    }

    public static Condition is(String column, Value value) {
        return new Condition(column, Comparison.EQUAL, value);
    }

    public static Condition is(String column, String text) {
        return is(column, Atom.of(text));
    }

    public static Condition is(String column, long number) {
        return is(column, Atom.of(number));
    }

    public static Condition is(String column, boolean truth) {
        return is(column, Atom.of(truth));
    }

    public static Condition isNot(String column, Value value) {
        return new Condition(column, Comparison.NOT_EQUAL, value);
    }

    /** The row of this id: the one condition that the server answers without a scan. */
    public static Condition row(UUID uuid) {
        return is("_uuid", Atom.of(uuid));
    }

    public static Condition includes(String column, Value value) {
        return new Condition(column, Comparison.INCLUDES, value);
    }

    public static Condition includes(String column, String key, String value) {
        return includes(column, Value.stringMap(Map.of(key, value)));
    }

    public static Condition excludes(String column, Value value) {
        return new Condition(column, Comparison.EXCLUDES, value);
    }
}
