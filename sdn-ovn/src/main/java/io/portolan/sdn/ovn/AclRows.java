package io.portolan.sdn.ovn;

import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Rows of {@code ACL}: they hang on a switch or on a port group, and live as long as that refers to them. */
final class AclRows {
    static final String TABLE = "ACL";

    /** The column of a switch or of a port group. */
    static final String REFERENCES = "acls";

    static final String TO_PORT = "to-lport";
    static final String FROM_PORT = "from-lport";

    static final List<String> COLUMNS =
            List.of("priority", "direction", "match", "action", "log", "name", "severity", "meter", "options");

    private static final Map<String, String> AFTER_BALANCERS = Map.of("apply-after-lb", "true");

    private AclRows() {}

    /** One that is looked at before a packet has met a balancer. */
    static Row row(String direction, int priority, String match, String action) {
        return Row.empty()
                .with("direction", direction)
                .with("priority", priority)
                .with("match", match)
                .with("action", action)
                .with("log", false)
                .with("name", Value.emptySet())
                .with("severity", Value.emptySet())
                .with("meter", Value.emptySet())
                .with("options", Value.emptyMap());
    }

    /** One that sees to whom a balancer has sent the packet. */
    static Row afterBalancers(Row acl) {
        return acl.with("options", AFTER_BALANCERS);
    }

    /** The rows of these ids that are there. */
    static Map<UUID, Row> read(Northbound northbound, Set<UUID> ids) {
        Map<UUID, Row> rows = new HashMap<>();
        northbound
                .read(Northbound.selects(TABLE, ids, northbound.known(TABLE, COLUMNS)))
                .forEach(found -> found.forEach(row -> rows.put(row.id(), row)));
        return rows;
    }

    /**
     * What is missing for a row that is there to refer to these, mended.
     *
     * @param there all rows of {@code ACL} that the holder may refer to
     * @param gone references that have to end
     */
    static List<Operation> onHolder(
            String table, Row holder, Map<UUID, Row> wanted, Map<UUID, Row> there, Set<UUID> gone) {
        List<Operation> operations = new ArrayList<>();
        Set<UUID> missing = new HashSet<>(wanted.keySet());
        missing.removeAll(holder.uuids(REFERENCES));
        wanted.forEach((id, row) -> {
            Row found = there.get(id);
            if (found == null) {
                operations.add(Operation.insert(TABLE, row).withId(id));
            } else {
                operations.addAll(Northbound.mend(TABLE, found, row));
            }
        });
        List<Mutation> mutations = new ArrayList<>();
        if (!gone.isEmpty()) {
            mutations.add(Mutation.delete(REFERENCES, Value.uuids(gone)));
        }
        if (!missing.isEmpty()) {
            mutations.add(Mutation.insert(REFERENCES, Value.uuids(missing)));
        }
        if (!mutations.isEmpty()) {
            operations.add(Operation.mutate(table, mutations, Condition.row(holder.id())));
        }
        if (!operations.isEmpty()) {
            operations.addFirst(Northbound.unchanged(table, holder, List.of(REFERENCES, Mark.COLUMN)));
        }
        return operations;
    }

    /** The rows with the ids that follow from their keys. */
    static Map<UUID, Row> marked(Northbound northbound, Mark mark, Map<Key, Row> rows) {
        Map<UUID, Row> marked = new LinkedHashMap<>();
        rows.forEach((key, row) -> {
            Map<Atom, Atom> entries = new HashMap<>(mark.on(key).entries());
            if (row.has(Mark.COLUMN)) {
                entries.putAll(row.value(Mark.COLUMN).entries());
            }
            marked.put(key.row(), northbound.fit(TABLE, row.with(Mark.COLUMN, Value.map(entries))));
        });
        return marked;
    }
}
