package io.portolan.sdn.ovn;

import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbException;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Schema;
import io.portolan.ovsdb.TransactResult;
import io.portolan.ovsdb.Value;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Unavailable;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The northbound database: reads that are never stale, writes that hold only if what they rest on still does, and the
 * database's refusals in an operator's words. Shared by all clusters on it.
 */
final class Northbound {
    static final String DATABASE = "OVN_Northbound";

    /**
     * What a look led to: the operations that are missing, if any, and the answer when they are done.
     *
     * @param reading finds the answer in what the operations gave; null where it was known before
     */
    record Change<T>(
            List<Operation> operations, T answer, @Nullable Function<TransactResult, T> reading) {
        Change {
            operations = List.copyOf(operations);
        }

        Change(List<Operation> operations, T answer) {
            this(operations, answer, null);
        }

        static <T> Change<T> none(T answer) {
            return new Change<>(List.of(), answer);
        }

        private T after(TransactResult result) {
            return reading == null ? answer : reading.apply(result);
        }
    }

    private static final int MOST_LOOKS = 30;
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(50);

    /** So often must a refusal for a row that is there already repeat itself: once may be another writer of ours. */
    private static final int CONFIRMED = 3;

    /** The schema, and the count of connections at which it was read: another server may have another one. */
    private record Known(Schema schema, long connection) {}

    private final OvsdbClient client;
    private final String endpoints;
    private volatile @Nullable Known known;

    /** @param endpoints as messages name them */
    Northbound(OvsdbClient client, String endpoints) {
        this.client = client;
        this.endpoints = endpoints;
    }

    /** Throws unless the database can be asked. */
    void check() {
        asking(() -> client.transact(Operation.select("NB_Global").columns("_uuid")));
    }

    /** One consistent view: the rows of each select. */
    List<List<Row>> read(List<Operation.Select> selects) {
        TransactResult result = asking(() -> client.transact(List.copyOf(selects)));
        return Stream.iterate(0, i -> i + 1)
                .limit(selects.size())
                .map(result::rows)
                .toList();
    }

    List<Row> read(Operation.Select select) {
        return read(List.of(select)).getFirst();
    }

    /** The rows of these ids that are there, without a scan. */
    static List<Operation.Select> selects(String table, Collection<UUID> rows, List<String> columns) {
        return rows.stream()
                .map(row -> new Operation.Select(table, List.of(Condition.row(row)), columns))
                .toList();
    }

    /** Looks and writes, and looks again where somebody else was faster. */
    <T> T settle(String what, Supplier<Change<T>> look) {
        String overtaken = "";
        int thereAlready = 0;
        for (int attempt = 0; attempt < MOST_LOOKS; attempt++) {
            Change<T> change = look.get();
            if (change.operations().isEmpty()) {
                return change.answer();
            }
            try {
                return change.after(client.transact(change.operations()));
            } catch (OvsdbException.Refused e) {
                switch (e.reason()) {
                    case TIMED_OUT, REFERENTIAL_INTEGRITY_VIOLATION -> thereAlready = 0;
                    case DUPLICATE_UUID, CONSTRAINT_VIOLATION -> {
                        if (++thereAlready == CONFIRMED) {
                            throw conflict(what, change.operations(), e);
                        }
                    }
                    default -> throw refused(what, e);
                }
                overtaken = e.getMessage();
                LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(LONGEST_PAUSE.toNanos()));
            } catch (OvsdbException e) {
                throw unavailable(e);
            }
        }
        throw new Unavailable(
                what + ": others kept changing the same rows of OVN's northbound database (" + overtaken + ")");
    }

    /** Cuts a row to the columns of this server's schema; one that should hold something must be there. */
    Row fit(String table, Row row) {
        Schema schema = schema();
        Map<String, Value> columns = new LinkedHashMap<>();
        row.columns().forEach((column, value) -> {
            if (schema.has(table, column)) {
                columns.put(column, value);
            } else if (!isEmpty(value)) {
                throw new Refused(
                        Refused.Reason.NOT_SUPPORTED,
                        "the northbound schema %s at %s has no column %s in %s: it is too old"
                                .formatted(schema.version(), endpoints, column, table));
            }
        });
        return new Row(columns);
    }

    /** {@code _uuid}, the mark, and those of the columns that this server's schema has. */
    List<String> known(String table, List<String> columns) {
        Schema schema = schema();
        return Stream.concat(
                        Stream.of("_uuid", Mark.COLUMN), columns.stream().filter(column -> schema.has(table, column)))
                .toList();
    }

    private static boolean isEmpty(Value value) {
        return value.equals(Value.emptySet()) || value.equals(Value.emptyMap());
    }

    private Schema schema() {
        long connection = client.counters().connects();
        Known last = known;
        if (last == null || last.connection() != connection) {
            last = new Known(asking(client::schema), connection);
            known = last;
        }
        return last.schema();
    }

    private <T> T asking(Supplier<T> call) {
        try {
            return call.get();
        } catch (OvsdbException.Refused e) {
            throw refused("reading", e);
        } catch (OvsdbException e) {
            throw unavailable(e);
        }
    }

    private Unavailable unavailable(OvsdbException e) {
        String said = Objects.requireNonNullElse(e.getMessage(), "");
        return switch (e) {
            case OvsdbException.OutcomeUnknown unknown ->
                new Unavailable(
                        "OVN's northbound database at " + endpoints + " did not answer; whether it wrote is unknown: "
                                + said,
                        unknown);
            case OvsdbException.Closed closed ->
                new Unavailable("the connection to OVN's northbound database at " + endpoints + " is closed", closed);
            default -> new Unavailable("OVN's northbound database at " + endpoints + " cannot be reached: " + said, e);
        };
    }

    private RuntimeException refused(String what, OvsdbException.Refused e) {
        return switch (e.error()) {
            case "permission error", "not allowed" ->
                new Refused(
                        Refused.Reason.NOT_ALLOWED, what + ": OVN's northbound database refuses it: " + e.details());
            case "unknown column", "unknown table", "syntax error", "unknown database" ->
                new Refused(
                        Refused.Reason.NOT_SUPPORTED,
                        what + ": the northbound database at " + endpoints + " is not one that we know: "
                                + e.details());
            default -> new Unavailable(what + ": OVN's northbound database refused: " + e.getMessage(), e);
        };
    }

    private static Refused conflict(String what, List<Operation> operations, OvsdbException.Refused e) {
        String row = e.operation().stream()
                .mapToObj(operations::get)
                .map(operation -> operation instanceof Operation.Insert insert
                        ? "row %s of %s is there without our mark, or where it does not belong; "
                                .formatted(insert.id(), insert.table())
                        : "")
                .findFirst()
                .orElse("");
        return new Refused(Refused.Reason.CONFLICT, what + ": " + row + e.details());
    }

    /** The columns of {@code wanted} in which the row differs; of {@code external_ids} only our own entries count. */
    static Row difference(Row found, Row wanted) {
        Map<String, Value> columns = new LinkedHashMap<>();
        wanted.columns().forEach((column, value) -> {
            Value should = column.equals(Mark.COLUMN) ? merged(found.value(column), value) : value;
            if (!should.equals(found.value(column))) {
                columns.put(column, should);
            }
        });
        return new Row(columns);
    }

    private static Value merged(Value found, Value wanted) {
        Map<Atom, Atom> entries = new LinkedHashMap<>(found.entries());
        entries.putAll(wanted.entries());
        return Value.map(entries);
    }

    /** Nothing if the row is as wanted; else the update, and before it the wait that guards it. */
    static List<Operation> mend(String table, Row found, Row wanted) {
        Row difference = difference(found, wanted);
        if (difference.columns().isEmpty()) {
            return List.of();
        }
        return List.of(
                unchanged(
                        table,
                        found,
                        Stream.concat(difference.columns().keySet().stream(), Stream.of(Mark.COLUMN))
                                .distinct()
                                .toList()),
                Operation.update(table, difference, Condition.row(found.id())));
    }

    /** Holds if these columns of the row are as they were found. */
    static Operation unchanged(String table, Row found, List<String> columns) {
        Map<String, Value> values = new LinkedHashMap<>();
        columns.forEach(column -> values.put(column, found.value(column)));
        return Operation.expect(table, new Row(values), Condition.row(found.id()));
    }

    /** Holds if the rows that fit are these still. */
    static Operation exactly(String table, List<Condition> where, String column, List<Row> found) {
        List<Row> values = found.stream()
                .map(row -> Row.empty().with(column, row.value(column)))
                .toList();
        return new Operation.Wait(table, where, List.of(column), true, values, Duration.ZERO);
    }
}
