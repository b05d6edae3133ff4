package io.portolan.ovsdb;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The content of a column: an atom, a set or a map.
 *
 * <p>On the wire a set of one element and that element alone are the same, so they are the same here: a set of one does
 * not exist, {@link #set} gives the atom. Equal contents are therefore equal values.
 */
public sealed interface Value permits Atom, Value.SetOf, Value.MapOf {

    /** None, two or more atoms. */
    record SetOf(Set<Atom> elements) implements Value {
        public SetOf {
            elements = Set.copyOf(elements);
            if (elements.size() == 1) {
                throw new IllegalArgumentException("a set of one is its element: use Value.set");
            }
        }
    }

    record MapOf(Map<Atom, Atom> entries) implements Value {
        public MapOf {
            entries = Map.copyOf(entries);
        }
    }

    static SetOf emptySet() {
        return new SetOf(Set.of());
    }

    static MapOf emptyMap() {
        return new MapOf(Map.of());
    }

    static Value set(Collection<? extends Atom> elements) {
        Set<Atom> distinct = Set.copyOf(elements);
        return distinct.size() == 1 ? distinct.iterator().next() : new SetOf(distinct);
    }

    static Value strings(Collection<String> elements) {
        return set(elements.stream().map(Atom::of).toList());
    }

    static Value integers(Collection<Long> elements) {
        return set(elements.stream().map(Atom::of).toList());
    }

    static Value uuids(Collection<UUID> elements) {
        return set(elements.stream().map(Atom::of).toList());
    }

    /** References to rows that the same transaction inserts under these names. */
    static Value named(Collection<String> names) {
        return set(names.stream().map(Atom::named).toList());
    }

    static MapOf map(Map<? extends Atom, ? extends Atom> entries) {
        return new MapOf(Map.copyOf(entries));
    }

    static MapOf stringMap(Map<String, String> entries) {
        Map<Atom, Atom> atoms = new LinkedHashMap<>();
        entries.forEach((key, value) -> atoms.put(Atom.of(key), Atom.of(value)));
        return new MapOf(atoms);
    }

    /** The elements of a set, an atom as a set of one. */
    default Set<Atom> atoms() {
        return switch (this) {
            case Atom atom -> Set.of(atom);
            case SetOf set -> set.elements();
            case MapOf map -> throw new IllegalStateException("a map is no set: " + map);
        };
    }

    /** The entries of a map; the empty set counts as an empty map. */
    default Map<Atom, Atom> entries() {
        if (this instanceof MapOf map) {
            return map.entries();
        }
        if (this instanceof SetOf set && set.elements().isEmpty()) {
            return Map.of();
        }
        throw new IllegalStateException("no map: " + this);
    }

    /** The keys of a map as a set, such as {@code delete} mutations take. */
    default Value keys() {
        return set(entries().keySet());
    }
}
