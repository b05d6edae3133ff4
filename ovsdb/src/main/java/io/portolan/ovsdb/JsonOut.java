package io.portolan.ovsdb;

import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Writes the wire's JSON. */
final class JsonOut {

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private JsonOut() {}

    static byte[] bytes(Consumer<JsonGenerator> content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = MAPPER.createGenerator(bytes)) {
            content.accept(json);
        }
        return bytes.toByteArray();
    }

    /** Writes the elements of {@code params}. */
    static byte[] request(long id, String method, Consumer<JsonGenerator> params) {
        return bytes(json -> {
            json.writeStartObject();
            json.writeStringProperty("method", method);
            json.writeArrayPropertyStart("params");
            params.accept(json);
            json.writeEndArray();
            json.writeNumberProperty("id", id);
            json.writeEndObject();
        });
    }

    static void operation(JsonGenerator json, Operation operation) {
        json.writeStartObject();
        switch (operation) {
            case Operation.Insert insert -> {
                head(json, "insert", insert.table());
                json.writeName("row");
                row(json, insert.row());
                if (insert.name() != null) {
                    json.writeStringProperty("uuid-name", insert.name());
                }
                if (insert.id() != null) {
                    json.writeStringProperty("uuid", insert.id().toString());
                }
            }
            case Operation.Select select -> {
                head(json, "select", select.table());
                where(json, select.where());
                if (!select.columns().isEmpty()) {
                    strings(json, "columns", select.columns());
                }
            }
            case Operation.Update update -> {
                head(json, "update", update.table());
                where(json, update.where());
                json.writeName("row");
                row(json, update.row());
            }
            case Operation.Mutate mutate -> {
                head(json, "mutate", mutate.table());
                where(json, mutate.where());
                mutations(json, mutate.mutations());
            }
            case Operation.Delete delete -> {
                head(json, "delete", delete.table());
                where(json, delete.where());
            }
            case Operation.Wait wait -> {
                head(json, "wait", wait.table());
                where(json, wait.where());
                strings(json, "columns", wait.columns());
                json.writeStringProperty("until", wait.equal() ? "==" : "!=");
                json.writeArrayPropertyStart("rows");
                wait.rows().forEach(row -> row(json, row));
                json.writeEndArray();
                json.writeNumberProperty("timeout", wait.timeout().toMillis());
            }
            case Operation.Commit commit -> {
                json.writeStringProperty("op", "commit");
                json.writeBooleanProperty("durable", commit.durable());
            }
            case Operation.Abort abort -> json.writeStringProperty("op", "abort");
            case Operation.Comment comment -> {
                json.writeStringProperty("op", "comment");
                json.writeStringProperty("comment", comment.text());
            }
            case Operation.AssertLock lock -> {
                json.writeStringProperty("op", "assert");
                json.writeStringProperty("lock", lock.lock());
            }
        }
        json.writeEndObject();
    }

    static void where(JsonGenerator json, List<Condition> conditions) {
        json.writeArrayPropertyStart("where");
        for (Condition condition : conditions) {
            triple(json, condition.column(), condition.comparison().wire, condition.value());
        }
        json.writeEndArray();
    }

    static void strings(JsonGenerator json, String property, Collection<String> texts) {
        json.writeArrayPropertyStart(property);
        texts.forEach(json::writeString);
        json.writeEndArray();
    }

    static void value(JsonGenerator json, Value value) {
        switch (value) {
            case Atom atom -> atom(json, atom);
            case Value.SetOf set -> {
                json.writeStartArray();
                json.writeString("set");
                json.writeStartArray();
                set.elements().forEach(atom -> atom(json, atom));
                json.writeEndArray();
                json.writeEndArray();
            }
            case Value.MapOf map -> {
                json.writeStartArray();
                json.writeString("map");
                json.writeStartArray();
                for (Map.Entry<Atom, Atom> entry : map.entries().entrySet()) {
                    json.writeStartArray();
                    atom(json, entry.getKey());
                    atom(json, entry.getValue());
                    json.writeEndArray();
                }
                json.writeEndArray();
                json.writeEndArray();
            }
        }
    }

    private static void atom(JsonGenerator json, Atom atom) {
        switch (atom) {
            case Atom.Text text -> json.writeString(text.text());
            case Atom.Int integer -> json.writeNumber(integer.number());
            case Atom.Real real -> json.writeNumber(real.number());
            case Atom.Bool bool -> json.writeBoolean(bool.truth());
            case Atom.Id id -> pair(json, "uuid", id.uuid());
            case Atom.Named named -> pair(json, "named-uuid", named.name());
        }
    }

    private static void pair(JsonGenerator json, String tag, Object content) {
        json.writeStartArray();
        json.writeString(tag);
        json.writeString(content.toString());
        json.writeEndArray();
    }

    private static void head(JsonGenerator json, String op, String table) {
        json.writeStringProperty("op", op);
        json.writeStringProperty("table", table);
    }

    private static void row(JsonGenerator json, Row row) {
        json.writeStartObject();
        row.columns().forEach((column, value) -> {
            json.writeName(column);
            value(json, value);
        });
        json.writeEndObject();
    }

    private static void mutations(JsonGenerator json, List<Mutation> mutations) {
        json.writeArrayPropertyStart("mutations");
        for (Mutation mutation : mutations) {
            triple(json, mutation.column(), mutation.mutator().wire, mutation.value());
        }
        json.writeEndArray();
    }

    private static void triple(JsonGenerator json, String column, String function, Value value) {
        json.writeStartArray();
        json.writeString(column);
        json.writeString(function);
        value(json, value);
        json.writeEndArray();
    }
}
