package io.portolan.kit.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** What of requests an OpenAPI document does not bound, and requests that are one beyond each bound that it names. */
final class Beyond {
    private static final Set<String> FORMATS = Set.of("uuid", "date-time", "int32", "int64");

    private final JsonNode document;
    private final List<String> unbounded = new ArrayList<>();
    private final Map<String, String> requests = new TreeMap<>();

    Beyond(JsonNode document) {
        this.document = document;
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation -> look(
                                operation.getKey().toUpperCase(Locale.ROOT), path.getKey(), operation.getValue())));
    }

    List<String> unbounded() {
        return unbounded;
    }

    /** By what is beyond its bound. Each is to be refused as {@code invalid}. */
    Map<String, String> requests() {
        return requests;
    }

    private void look(String method, String path, JsonNode operation) {
        for (JsonNode parameter : operation.path("parameters")) {
            String name = parameter.path("name").asString();
            JsonNode schema = parameter.path("schema");
            String where = method + " " + path + " " + name;
            bounded(where, schema, 0);
            String value = schema.has("maximum")
                    ? Long.toString(schema.path("maximum").asLong() + 1)
                    : "a".repeat(schema.path("maxLength").asInt(0) + 1);
            if (value.length() > 1) {
                String at = path.replace("{" + name + "}", value).replaceAll("\\{[a-z]+}", "a");
                requests.put(
                        where,
                        switch (parameter.path("in").asString()) {
                            case "path" -> request(method, at, "", "{}");
                            case "query" -> request(method, at + "?" + name + "=" + value, "", "{}");
                            default -> request(method, at, name + ": " + value + "\r\n", "{}");
                        });
            }
        }
        JsonNode body = operation
                .path("requestBody")
                .path("content")
                .path("application/json")
                .path("schema");
        bounded(method + " " + path, body, 0);
        resolved(body).path("properties").properties().forEach(member -> {
            JsonNode schema = resolved(member.getValue());
            String value = schema.has("maxItems")
                    ? "[" + "null,".repeat(schema.path("maxItems").asInt()) + "null]"
                    : "\"" + "a".repeat(schema.path("maxLength").asInt(0) + 1) + "\"";
            if (value.length() > 3) {
                String json = "{\"" + member.getKey() + "\":" + value + "}";
                requests.put(
                        method + " " + path + " " + member.getKey(),
                        request(method, path.replaceAll("\\{[a-z]+}", "a"), "", json));
            }
        });
    }

    private static String request(String method, String target, String header, String body) {
        return "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
                .formatted(method, target, header, body.length(), body);
    }

    private JsonNode resolved(JsonNode schema) {
        String reference = schema.path("$ref").asString("");
        return reference.isEmpty()
                ? schema
                : document.path("components").path("schemas").path(reference.substring(reference.lastIndexOf('/') + 1));
    }

    private void bounded(String where, JsonNode said, int depth) {
        JsonNode schema = resolved(said);
        boolean isBounded = FORMATS.contains(schema.path("format").asString("")) || schema.has("enum");
        String needs = switch (schema.path("type").asString("")) {
            case "string" -> "maxLength";
            case "integer", "number" -> "maximum";
            case "array" -> "maxItems";
            default -> "";
        };
        if (!needs.isEmpty() && !isBounded && !schema.has(needs)) {
            unbounded.add(where + " has no " + needs);
        }
        if (depth < 8) {
            schema.path("properties")
                    .properties()
                    .forEach(member -> bounded(where + "." + member.getKey(), member.getValue(), depth + 1));
            if (schema.has("items")) {
                bounded(where + "[]", schema.path("items"), depth + 1);
            }
            if (schema.path("additionalProperties").isObject()) {
                bounded(where + ".*", schema.path("additionalProperties"), depth + 1);
            }
        }
    }
}
