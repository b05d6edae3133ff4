package io.portolan.ovsdb;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;

/** Feeds a replica by the best monitor method that the server knows, and resumes it on the next link. */
final class Monitor implements Session.Tenant {

    /** From the newest to RFC 7047's own. */
    enum Method {
        COND_SINCE("monitor_cond_since", "update3"),
        COND("monitor_cond", "update2"),
        PLAIN("monitor", "update");

        private final String request;
        private final String update;

        Method(String request, String update) {
            this.request = request;
            this.update = update;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Monitor.class);

    /** Far longer than a hung server is tolerated by the probes: a large database takes its time. */
    private static final Duration LONGEST_LOAD = Duration.ofMinutes(10);

    private static final UUID NOTHING_SEEN = new UUID(0, 0);
    private static final AtomicLong NUMBERS = new AtomicLong();

    private final String id = "portolan-" + NUMBERS.incrementAndGet();
    private final String database;
    private final List<Watch> watches;
    private final Method best;
    private final Replica replica;
    private volatile Method method;
    private volatile Schema schema = new Schema("", "", Map.of());

    /** Nothing while an update is being taken in, so that one that does not fit ends in a full resync. */
    private volatile UUID last = NOTHING_SEEN;

    Monitor(String database, List<Watch> watches, Method best, Replica replica) {
        this.database = database;
        this.watches = List.copyOf(watches);
        if (watches.stream().map(Watch::table).distinct().count() < watches.size()) {
            throw new IllegalArgumentException("a replica watches a table once: " + watches);
        }
        this.best = best;
        this.method = best;
        this.replica = replica;
    }

    @Override
    public void restore(Link link) {
        try {
            schema = link.setUp("get_schema", json -> json.writeString(database), Schema::read);
            for (Method candidate : Method.values()) {
                if (candidate.compareTo(best) >= 0 && start(link, candidate)) {
                    return;
                }
            }
        } catch (OvsdbException.Refused e) {
            replica.refused(e);
        }
    }

    @Override
    public void notified(String name, JsonNode params) {
        if (!name.equals(method.update) || !isOurs(params)) {
            return;
        }
        if (method == Method.COND_SINCE) {
            last = NOTHING_SEEN;
            replica.updated(updates2(params.path(2)));
            last = UUID.fromString(params.path(1).stringValue());
        } else {
            JsonNode tables = params.path(1);
            replica.updated(method == Method.COND ? updates2(tables) : updates1(tables));
        }
    }

    @Override
    public void lost() {
        replica.lost();
    }

    void cancel(Link link) {
        try {
            link.setUp("monitor_cancel", this::writeId, result -> true);
        } catch (OvsdbException e) {
            LOG.debug("{}: cancelling failed", id, e);
        }
    }

    /** False when the server does not know the method. */
    private boolean start(Link link, Method candidate) {
        try {
            return link.setUp(
                    candidate.request,
                    json -> writeRequest(json, candidate),
                    result -> {
                        method = candidate;
                        started(result);
                        return true;
                    },
                    LONGEST_LOAD);
        } catch (OvsdbException.Refused e) {
            if (e.reason() == OvsdbException.Reason.UNKNOWN_METHOD && candidate != Method.PLAIN) {
                return false;
            }
            throw e;
        }
    }

    private void started(JsonNode result) {
        switch (method) {
            case COND_SINCE -> {
                boolean found = result.path(0).asBoolean();
                last = NOTHING_SEEN;
                replica.started(updates2(result.path(2)), !found);
                last = UUID.fromString(result.path(1).stringValue());
            }
            case COND -> replica.started(updates2(result), true);
            case PLAIN -> replica.started(updates1(result), true);
        }
    }

    private void writeRequest(JsonGenerator json, Method candidate) {
        json.writeString(database);
        writeId(json);
        json.writeStartObject();
        for (Watch watch : watches) {
            json.writeArrayPropertyStart(watch.table());
            json.writeStartObject();
            JsonOut.strings(json, "columns", columns(watch));
            if (!watch.whereAny().isEmpty()) {
                JsonOut.where(json, watch.whereAny());
            }
            json.writeEndObject();
            json.writeEndArray();
        }
        json.writeEndObject();
        if (candidate == Method.COND_SINCE) {
            json.writeString(last.toString());
        }
    }

    /** Named one by one, because "all" would include {@code _version}, which changes with every touch. */
    private List<String> columns(Watch watch) {
        Schema.Table table = schema.tables().get(watch.table());
        return watch.columns().isEmpty() && table != null
                ? List.copyOf(table.columns().keySet())
                : watch.columns();
    }

    private void writeId(JsonGenerator json) {
        json.writeString(id);
    }

    private boolean isOurs(JsonNode params) {
        return params.path(0).asString("").equals(id);
    }

    private List<RowUpdate> updates2(JsonNode tables) {
        List<RowUpdate> updates = new ArrayList<>();
        for (Watch watch : watches) {
            Schema.Table type = schema.tables().getOrDefault(watch.table(), new Schema.Table(Map.of()));
            List<String> columns = columns(watch);
            tables.path(watch.table()).properties().forEach(entry -> {
                UUID row = UUID.fromString(entry.getKey());
                entry.getValue()
                        .properties()
                        .forEach(kind -> updates.add(
                                switch (kind.getKey()) {
                                    case "initial", "insert" ->
                                        new RowUpdate.Put(watch.table(), row, whole(columns, type, kind.getValue()));
                                    case "modify" ->
                                        new RowUpdate.Patch(watch.table(), row, type, JsonIn.row(kind.getValue()));
                                    case "delete" -> new RowUpdate.Remove(watch.table(), row);
                                    default ->
                                        throw new IllegalArgumentException("unknown row update " + kind.getKey());
                                }));
            });
        }
        return updates;
    }

    private List<RowUpdate> updates1(JsonNode tables) {
        List<RowUpdate> updates = new ArrayList<>();
        tables.properties()
                .forEach(table -> table.getValue().properties().forEach(entry -> {
                    UUID row = UUID.fromString(entry.getKey());
                    JsonNode now = entry.getValue().path("new");
                    updates.add(
                            now.isObject()
                                    ? new RowUpdate.Put(table.getKey(), row, JsonIn.row(now))
                                    : new RowUpdate.Remove(table.getKey(), row));
                }));
        return updates;
    }

    private static Row whole(List<String> columns, Schema.Table type, JsonNode given) {
        Map<String, Value> values = new LinkedHashMap<>();
        for (String column : columns) {
            JsonNode value = given.path(column);
            ColumnType columnType = type.columns().get(column);
            if (!value.isMissingNode()) {
                values.put(column, JsonIn.value(value));
            } else if (columnType != null) {
                values.put(column, columnType.initial());
            }
        }
        return new Row(values);
    }
}
