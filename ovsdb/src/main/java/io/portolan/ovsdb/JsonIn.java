package io.portolan.ovsdb;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the wire's JSON, one message at a time off an endless stream.
 *
 * <p>Property names are not kept in a symbol table: row ids are property names, so it would only grow.
 */
final class JsonIn {

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonIn() {}

    static JsonParser parser(InputStream in) {
        return MAPPER.createParser(in);
    }

    /** The value that starts at the parser's current token. */
    static JsonNode tree(JsonParser parser) {
        return MAPPER.readTree(parser);
    }

    static Row row(JsonNode object) {
        Map<String, Value> columns = new LinkedHashMap<>();
        object.properties().forEach(column -> columns.put(column.getKey(), value(column.getValue())));
        return new Row(columns);
    }

    static List<Row> rows(JsonNode array) {
        List<Row> rows = new ArrayList<>(array.size());
        array.values().forEach(row -> rows.add(row(row)));
        return rows;
    }

    static Value value(JsonNode node) {
        return switch (tag(node)) {
            case "set" -> {
                List<Atom> atoms = new ArrayList<>();
                node.path(1).values().forEach(atom -> atoms.add(atom(atom)));
                yield Value.set(atoms);
            }
            case "map" -> {
                Map<Atom, Atom> entries = new LinkedHashMap<>();
                node.path(1).values().forEach(pair -> entries.put(atom(pair.path(0)), atom(pair.path(1))));
                yield Value.map(entries);
            }
            default -> atom(node);
        };
    }

    private static Atom atom(JsonNode node) {
        if (node.isString()) {
            return Atom.of(node.stringValue());
        }
        if (node.isBoolean()) {
            return Atom.of(node.booleanValue());
        }
        if (node.isIntegralNumber()) {
            return Atom.of(node.longValue());
        }
        if (node.isNumber()) {
            return Atom.of(node.doubleValue());
        }
        return switch (tag(node)) {
            case "uuid" -> Atom.of(uuid(node));
            case "named-uuid" -> Atom.named(node.path(1).stringValue());
            default -> throw new IllegalArgumentException("no OVSDB value: " + excerpt(node));
        };
    }

    static UUID uuid(JsonNode pair) {
        return UUID.fromString(pair.path(1).stringValue());
    }

    /** The error of a call ({@code operation} < 0) or of an operation: an object, from some commands a bare string. */
    static OvsdbException.Refused refusal(JsonNode node, int operation) {
        return node.isObject()
                ? new OvsdbException.Refused(
                        node.path("error").asString("error"),
                        node.path("details").asString(""),
                        operation)
                : new OvsdbException.Refused(node.asString("error"), "", operation);
    }

    static String excerpt(JsonNode node) {
        String text = node.toString();
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }

    private static String tag(JsonNode node) {
        return node.isArray() ? node.path(0).asString("") : "";
    }
}
