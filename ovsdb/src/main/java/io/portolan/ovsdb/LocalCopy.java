package io.portolan.ovsdb;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a replica. Not safe for threads.
 *
 * <p>A table that a snapshot shows is copied before its next change, so that snapshots cost only what changes after.
 */
final class LocalCopy {

    private final Map<String, Map<UUID, Row>> tables = new HashMap<>();
    private final Set<String> shown = new HashSet<>();

    @Nullable Row row(String table, UUID id) {
        return tables.getOrDefault(table, Map.of()).get(id);
    }

    /** All or, when an update does not fit, nothing. Returns what really changed. */
    List<RowChange> apply(List<RowUpdate> updates) {
        List<RowChange> changes = new ArrayList<>(updates.size());
        for (RowUpdate update : updates) {
            Row before = row(update.table(), update.id());
            Row after = update.applyTo(before);
            if (!Objects.equals(before, after)) {
                changes.add(new RowChange(update.table(), update.id(), before, after));
            }
        }
        changes.forEach(change -> store(change.table(), change.id(), change.after()));
        return changes;
    }

    /** Makes the rows those of {@code content}, deleting all others, and returns what really changed. */
    List<RowChange> replace(List<RowUpdate> content) {
        Map<String, Set<UUID>> kept = new HashMap<>();
        content.forEach(update ->
                kept.computeIfAbsent(update.table(), t -> new HashSet<>()).add(update.id()));
        List<RowUpdate> updates = new ArrayList<>();
        tables.forEach((table, rows) -> {
            Set<UUID> here = kept.getOrDefault(table, Set.of());
            rows.keySet().stream()
                    .filter(id -> !here.contains(id))
                    .forEach(id -> updates.add(new RowUpdate.Remove(table, id)));
        });
        updates.addAll(content);
        return apply(updates);
    }

    Snapshot snapshot() {
        shown.addAll(tables.keySet());
        Map<String, Map<UUID, Row>> views = new HashMap<>();
        tables.forEach((table, rows) -> views.put(table, Collections.unmodifiableMap(rows)));
        return new Snapshot(views);
    }

    private void store(String table, UUID id, @Nullable Row row) {
        if (shown.remove(table)) {
            tables.compute(table, (t, rows) -> rows == null ? new HashMap<>() : new HashMap<>(rows));
        }
        Map<UUID, Row> rows = tables.computeIfAbsent(table, t -> new HashMap<>());
        if (row == null) {
            rows.remove(id);
        } else {
            rows.put(id, row);
        }
    }
}
