package io.portolan.ovsdb;

/** A change of one column that depends on what it holds. */
public record Mutation(String column, Mutator mutator, Value value) {

    public enum Mutator {
        ADD("+="),
        SUBTRACT("-="),
        MULTIPLY("*="),
        DIVIDE("/="),
        REMAINDER("%="),
        INSERT("insert"),
        DELETE("delete");

        final String wire;

        Mutator(String wire) {
            this.wire = wire;
        }
    }

    public static Mutation add(String column, long number) {
        return new Mutation(column, Mutator.ADD, Atom.of(number));
    }

    public static Mutation subtract(String column, long number) {
        return new Mutation(column, Mutator.SUBTRACT, Atom.of(number));
    }

    /** Adds elements to a set, or entries to a map; an entry whose key is there already changes nothing. */
    public static Mutation insert(String column, Value elements) {
        return new Mutation(column, Mutator.INSERT, elements);
    }

    /** Removes elements of a set; of a map, entries (given a map) or keys (given a set). */
    public static Mutation delete(String column, Value elements) {
        return new Mutation(column, Mutator.DELETE, elements);
    }
}
