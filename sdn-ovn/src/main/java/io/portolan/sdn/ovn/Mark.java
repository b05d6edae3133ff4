package io.portolan.sdn.ovn;

import io.portolan.model.ClusterId;
import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import java.util.Map;
import java.util.Optional;

/** What says in {@code external_ids} whose a row is and what it stands for. */
record Mark(ClusterId cluster) {
    static final String COLUMN = "external_ids";
    static final String CLUSTER = "portolan:cluster";
    static final String KEY = "portolan:key";

    Value on(Key key) {
        return Value.stringMap(Map.of(CLUSTER, cluster.toString(), KEY, key.toString()));
    }

    /** The rows that stand for this. */
    Condition is(Key key) {
        return Condition.includes(COLUMN, on(key));
    }

    /** The rows of the cluster. */
    Condition any() {
        return Condition.includes(COLUMN, CLUSTER, cluster.toString());
    }

    /** What the row stands for; empty if it is not the cluster's. */
    Optional<Key> keyOf(Row row) {
        Map<Atom, Atom> ids = row.value(COLUMN).entries();
        if (!Atom.of(cluster.toString()).equals(ids.get(Atom.of(CLUSTER)))) {
            return Optional.empty();
        }
        return ids.get(Atom.of(KEY)) instanceof Atom.Text text ? Key.parse(text.text()) : Optional.empty();
    }

    boolean is(Row row, Key key) {
        return keyOf(row).filter(key::equals).isPresent();
    }
}
