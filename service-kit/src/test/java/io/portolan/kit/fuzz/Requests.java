package io.portolan.kit.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Makes requests of an OpenAPI document: valid ones, ones that are not quite, and what is no HTTP at all. */
final class Requests {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");
    private static final int DEEPEST = 6;

    private final JsonNode document;
    private final Map<String, List<String>> known;
    private final Map<String, List<JsonNode>> examples;
    private final List<Operation> operations = new ArrayList<>();

    private record Operation(String method, String path, JsonNode says) {}

    /**
     * A request as it goes onto the wire.
     *
     * @param bytes each a character
     * @param isHttp whether a web server hands it to the service: what it refuses itself, it refuses in its own words
     */
    record Request(String method, String bytes, boolean isHttp) {
        boolean isRead() {
            return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
        }

        @Override
        public String toString() {
            String text = bytes.replace("\r", "\\r").replace("\0", "\\0");
            return text.length() < 3_000 ? text : text.substring(0, 3_000) + "… (" + text.length() + ")";
        }
    }

    /**
     * @param known texts by the name of the parameter or member that may have them
     * @param examples bodies by the name of their schema
     */
    Requests(JsonNode document, Map<String, List<String>> known, Map<String, List<JsonNode>> examples) {
        this.document = document;
        this.known = new HashMap<>(known);
        this.examples = new HashMap<>(examples);
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(operation -> METHODS.contains(operation.getKey()))
                        .forEach(operation -> operations.add(new Operation(
                                operation.getKey().toUpperCase(Locale.ROOT), path.getKey(), operation.getValue()))));
    }

    int operations() {
        return operations.size();
    }

    /** @param number each operation has its turn, but that what is deleted early would leave little to do */
    Request next(Random random, int number) {
        Operation operation = operations.get(number % operations.size());
        if (operation.method().equals("DELETE") && random.nextInt(8) != 0) {
            operation = Hostile.one(random, operations);
        }
        return random.nextInt(12) == 0 ? garbage(random) : http(random, operation, 0.02 * random.nextInt(7));
    }

    /** @param doubt how likely each part is another than it should be */
    private Request http(Random random, Operation operation, double doubt) {
        boolean[] isHttp = {true};
        String target = target(random, operation, doubt, isHttp);
        String method = random.nextInt(60) == 0
                ? Hostile.one(random, List.of("PATCH", "OPTIONS", "HEAD", "POST", "PUT", "DELETE", "QUERY"))
                : operation.method();
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n");
        for (JsonNode parameter : operation.says().path("parameters")) {
            if (parameter.path("in").asString().equals("header") && random.nextInt(3) == 0) {
                String value = random.nextBoolean() ? "\"1-1\"" : Hostile.text(random);
                isHttp[0] &= value.length() < 4_000 && value.chars().allMatch(c -> c >= ' ' && c < 127);
                head.append(parameter.path("name").asString())
                        .append(": ")
                        .append(value)
                        .append("\r\n");
            }
        }
        byte[] body = new byte[0];
        JsonNode schema = operation
                .says()
                .path("requestBody")
                .path("content")
                .path("application/json")
                .path("schema");
        if (!schema.isMissingNode() && random.nextDouble() >= doubt / 4) {
            body = broken(random, json(random, schema, "", doubt, 0), doubt);
            String type = random.nextDouble() < doubt / 2
                    ? Hostile.one(
                            random, List.of("text/plain", "application/xml", "a", "", "application/json;charset=x"))
                    : "application/json";
            head.append("Content-Type: ").append(type).append("\r\n");
        }
        if (random.nextDouble() < doubt / 4) {
            head.append("Accept: application/xml\r\n");
        }
        head.append("Content-Length: ").append(body.length).append("\r\nConnection: close\r\n\r\n");
        return new Request(method, wire(joined(head.toString(), body)), isHttp[0]);
    }

    private String target(Random random, Operation operation, double doubt, boolean[] isHttp) {
        String target = operation.path();
        StringBuilder query = new StringBuilder();
        for (JsonNode parameter : operation.says().path("parameters")) {
            String name = parameter.path("name").asString();
            if (parameter.path("in").asString().equals("path")) {
                String value = value(random, parameter, doubt, isHttp);
                target = target.replace("{" + name + "}", value);
            } else if (parameter.path("in").asString().equals("query") && random.nextInt(3) == 0) {
                query.append(query.isEmpty() ? "?" : "&")
                        .append(name)
                        .append('=')
                        .append(value(random, parameter, 0.2 + doubt, isHttp));
            }
        }
        return target + query;
    }

    private String value(Random random, JsonNode parameter, double doubt, boolean[] isHttp) {
        if (random.nextDouble() < doubt) {
            String path = Hostile.path(random);
            isHttp[0] &= path.length() < 4_000
                    && path.matches("([A-Za-z0-9._~!$&'()*,=:@-]|%[2-7][0-9a-fA-F])*")
                    && !path.toLowerCase(Locale.ROOT).matches(".*(%2f|%5c|%25|%3b|%7f).*");
            return path;
        }
        String text =
                text(random, parameter.path("schema"), parameter.path("name").asString());
        return java.net.URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private String text(Random random, JsonNode schema, String name) {
        if (known.containsKey(name) && random.nextInt(8) != 0) {
            return Hostile.one(random, known.get(name));
        }
        if (schema.has("enum")) {
            return schema.path("enum")
                    .get(random.nextInt(schema.path("enum").size()))
                    .asString();
        }
        return switch (schema.path("type").asString("") + schema.path("format").asString("")) {
            case "integerint32", "integerint64" -> Integer.toString(random.nextInt(-1, 300));
            case "boolean" -> Boolean.toString(random.nextBoolean());
            case "stringdate-time" -> "2026-0%d-01T00:00:00Z".formatted(random.nextInt(1, 10));
            case "stringuuid" -> new java.util.UUID(random.nextLong(), random.nextLong()).toString();
            default -> "f" + random.nextInt(20);
        };
    }

    private String json(Random random, JsonNode said, String name, double doubt, int depth) {
        if (random.nextDouble() < doubt / 2) {
            return Hostile.json(random);
        }
        JsonNode schema = said;
        String reference = said.path("$ref").asString("");
        if (!reference.isEmpty()) {
            String type = reference.substring(reference.lastIndexOf('/') + 1);
            schema = document.path("components").path("schemas").path(type);
            List<JsonNode> bodies = examples.getOrDefault(type, List.of());
            if (!bodies.isEmpty() && random.nextInt(6) != 0) {
                return mutated(random, Hostile.one(random, bodies), schema, doubt);
            }
        }
        if (depth > DEEPEST) {
            return "null";
        }
        JsonNode of = schema;
        return switch (schema.path("type").asString("")) {
            case "object" -> {
                List<String> members = new ArrayList<>();
                schema.path("properties").properties().stream()
                        .filter(property -> random.nextInt(3) != 0)
                        .forEach(property -> members.add(Hostile.quoted(property.getKey()) + ":"
                                + json(random, property.getValue(), property.getKey(), doubt, depth + 1)));
                if (schema.has("additionalProperties")) {
                    members.add(Hostile.quoted(random.nextInt(3) == 0 ? Hostile.text(random) : "a") + ":"
                            + json(random, of.path("additionalProperties"), "", doubt, depth + 1));
                }
                yield object(random, members, doubt);
            }
            case "array" -> {
                List<String> elements = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    elements.add(json(random, of.path("items"), name, doubt, depth + 1));
                }
                yield "[" + String.join(",", elements) + "]";
            }
            case "integer", "number", "boolean" -> text(random, schema, name);
            default -> Hostile.quoted(text(random, schema, name));
        };
    }

    /** An example with parts of it exchanged, left out, doubled, or added by the schema. */
    private String mutated(Random random, JsonNode node, JsonNode schema, double doubt) {
        if (random.nextDouble() < doubt / 2) {
            return Hostile.json(random);
        }
        if (node.isObject()) {
            List<String> members = new ArrayList<>();
            node.properties().stream()
                    .filter(member -> random.nextDouble() >= doubt / 3)
                    .forEach(member -> members.add(Hostile.quoted(member.getKey()) + ":"
                            + mutated(
                                    random,
                                    member.getValue(),
                                    schema.path("properties").path(member.getKey()),
                                    doubt)));
            schema.path("properties").properties().stream()
                    .filter(property -> !node.has(property.getKey()) && random.nextDouble() < 0.03 + doubt / 2)
                    .forEach(property -> members.add(Hostile.quoted(property.getKey()) + ":"
                            + json(random, property.getValue(), property.getKey(), doubt, 1)));
            return object(random, members, doubt);
        }
        if (node.isArray()) {
            List<String> elements = new ArrayList<>();
            node.forEach(element -> elements.add(mutated(random, element, schema.path("items"), doubt)));
            return "[" + String.join(",", elements) + "]";
        }
        return node.toString();
    }

    private static String object(Random random, List<String> members, double doubt) {
        if (!members.isEmpty() && random.nextDouble() < doubt / 3) {
            members.add(Hostile.one(random, members));
        }
        if (random.nextDouble() < doubt / 3) {
            members.add("\"unheardOf\":" + Hostile.json(random));
        }
        return "{" + String.join(",", members) + "}";
    }

    private static byte[] broken(Random random, String json, double doubt) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        if (random.nextDouble() >= doubt || body.length == 0) {
            return body;
        }
        int at = random.nextInt(body.length);
        return switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(body, at);
            case 1 -> joined(json + " " + json, new byte[0]);
            case 2 -> {
                body[at] = (byte) random.nextInt(256);
                yield body;
            }
            case 3 -> {
                body[at] = (byte) 0xff;
                yield body;
            }
            case 4 -> json.getBytes(StandardCharsets.UTF_16);
            default -> joined(" ".repeat(random.nextInt(2) << 20), body);
        };
    }

    private Request garbage(Random random) {
        Operation operation = Hostile.one(random, operations);
        String line = operation.method() + " " + operation.path().replaceAll("[{}]", "") + " HTTP/1.1\r\n";
        String host = "Host: localhost\r\n";
        String text = switch (random.nextInt(14)) {
            case 0 -> "\r\n\r\n";
            case 1 -> "GET\r\n\r\n";
            case 2 -> operation.method() + " " + Hostile.text(random) + " HTTP/1.1\r\n" + host + "\r\n";
            case 3 -> line + "X: " + "a".repeat(100_000) + "\r\n\r\n";
            case 4 -> line + host + "X: y\r\n".repeat(5_000) + "\r\n";
            case 5 -> line + host + "Content-Length: 5\r\nContent-Length: 50\r\n\r\n{\"a\":1}";
            case 6 -> line + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
            case 7 -> line + host + "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nzz\r\n{}\r\n";
            case 8 -> line + host + "Content-Length: -1\r\n\r\n";
            case 9 -> line + host + Hostile.text(random) + ": x\r\n\r\n";
            case 10 -> line + host + "Authorization: Bearer " + Hostile.text(random) + "\r\n\r\n";
            case 11 -> line.replace("1.1", "9.9") + "\r\n";
            case 12 -> "TRACE / HTTP/1.1\r\n" + host + "\r\n";
            default -> line + host + "Content-Length: 99999999999999999999\r\n\r\n";
        };
        byte[] bytes = random.nextInt(8) == 0 ? new byte[200] : text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 200) {
            random.nextBytes(bytes);
        }
        return new Request(operation.method(), wire(bytes), false);
    }

    private static String wire(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static byte[] joined(String head, byte[] body) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.getBytes(StandardCharsets.UTF_8));
        all.writeBytes(body);
        return all.toByteArray();
    }
}
