package io.portolan.ovsdb;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * How many of what a column holds.
 *
 * @param key the type of an atom, an element or a key: integer, real, boolean, string or uuid
 * @param value the type of a map's values; empty when the column is no map
 * @param max {@link Integer#MAX_VALUE} when unlimited
 */
public record ColumnType(String key, String value, int min, int max) {

    static ColumnType read(JsonNode type) {
        if (type.isString()) {
            return new ColumnType(type.stringValue(), "", 1, 1);
        }
        JsonNode max = type.path("max");
        return new ColumnType(
                base(type.path("key")),
                base(type.path("value")),
                type.path("min").asInt(1),
                max.isString() ? Integer.MAX_VALUE : max.asInt(1));
    }

    private static String base(JsonNode node) {
        return node.isObject() ? node.path("type").asString() : node.asString("");
    }

    /** What the server leaves out of the rows of {@code update2} and {@code update3}. */
    Value initial() {
        if (min == 0) {
            return value.isEmpty() ? Value.emptySet() : Value.emptyMap();
        }
        return value.isEmpty() ? zero(key) : Value.map(Map.of(zero(key), zero(value)));
    }

    /** Applies the difference of a {@code modify}: of sets and maps with room for several what changed, else the new value. */
    Value patched(Value before, Value difference) {
        if (max == 1) {
            return difference;
        }
        if (value.isEmpty()) {
            Set<Atom> atoms = new HashSet<>(before.atoms());
            for (Atom atom : difference.atoms()) {
                if (!atoms.remove(atom)) {
                    atoms.add(atom);
                }
            }
            return Value.set(atoms);
        }
        Map<Atom, Atom> entries = new LinkedHashMap<>(before.entries());
        difference.entries().forEach((k, v) -> {
            if (v.equals(entries.get(k))) {
                entries.remove(k);
            } else {
                entries.put(k, v);
            }
        });
        return Value.map(entries);
    }

    private static Atom zero(String type) {
        return switch (type) {
            case "integer", "real" -> Atom.of(0);
            case "boolean" -> Atom.of(false);
            case "uuid" -> Atom.of(new UUID(0, 0));
            default -> Atom.of("");
        };
    }
}
