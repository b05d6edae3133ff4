package io.portolan.kit.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A service's OpenAPI document: as checked in, and fit to be read and tried. {@code -Dopenapi.update=true} writes what is
 * checked in.
 */
public final class KeptDocument {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");

    private final String base;
    private final Path file;
    private final JsonNode document;
    private final List<String> wrong = new ArrayList<>();

    /** @param service whose document it is, such as {@code ipam-service} */
    public KeptDocument(String base, String service) {
        this.base = base;
        file = Path.of("..", "docs", "openapi", service + ".yaml");
        document = JSON.readTree(send("GET", "/v3/api-docs", null).body());
    }

    public void isTheOneCheckedIn() throws IOException {
        String now = send("GET", "/v3/api-docs.yaml", null).body().replaceAll("(?m)^servers:\\n(^[- ].*\\n)*", "");
        if (Boolean.getBoolean("openapi.update")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, now);
        }
        assertThat(now)
                .as("the API has changed: run this test with -Dopenapi.update=true")
                .isEqualTo(Files.readString(file));
    }

    /**
     * Every operation has a name of its own, words, and examples that the service understands.
     *
     * @param bodies makes of an example's body one that may be sent here
     */
    public void canBeReadAndTried(UnaryOperator<String> bodies) {
        Set<String> names = new HashSet<>();
        document.path("paths")
                .forEachEntry((path, operations) -> operations.forEachEntry((method, operation) -> {
                    if (METHODS.contains(method)) {
                        String name = operation.path("operationId").asString("");
                        if (name.matches(".*_\\d+") || !names.add(name)) {
                            wrong.add(method + " " + path + " has no name of its own, but " + name);
                        }
                        read(method, path, operation, bodies);
                    }
                }));
        document.path("components").path("schemas").forEachEntry(this::members);
        assertThat(wrong).isEmpty();
    }

    private void read(String method, String path, JsonNode operation, UnaryOperator<String> bodies) {
        String where = method + " " + path;
        if (operation.path("summary").asString("").isEmpty()) {
            wrong.add(where + " has no summary");
        }
        for (JsonNode parameter : operation.path("parameters")) {
            if (parameter.path("required").asBoolean()
                    && lacksExample(parameter.path("schema"))
                    && !parameter.has("example")) {
                wrong.add(where + " has no example of " + parameter.path("name"));
            }
        }
        for (JsonNode content : operation.path("requestBody").path("content")) {
            if (content.path("examples").isEmpty()) {
                wrong.add(where + " has no example of a body");
            }
            content.path("examples").forEachEntry((label, example) -> {
                String body = bodies.apply(example.path("value").toString());
                HttpResponse<String> answer = send(
                        method.toUpperCase(Locale.ROOT),
                        filled(path.replace("{cluster}", "{cluster}-" + label), operation),
                        body);
                if (Set.of(400, 405, 415).contains(answer.statusCode()) || answer.statusCode() >= 500) {
                    wrong.add("%s refuses its example %s: %d %s"
                            .formatted(where, label, answer.statusCode(), answer.body()));
                }
            });
        }
    }

    /** What it names need not be there; that it is understood is asked. Examples of one name are of one cluster. */
    private static String filled(String path, JsonNode operation) {
        String filled = path;
        for (JsonNode parameter : operation.path("parameters")) {
            filled = filled.replace(
                    "{" + parameter.path("name").asString() + "}",
                    parameter.path("example").asString(""));
        }
        return filled;
    }

    private void members(String schema, JsonNode described) {
        described.path("properties").forEachEntry((member, of) -> {
            if (lacksExample(of.has("items") ? of.path("items") : of)) {
                wrong.add(schema + "." + member + " has no example");
            }
        });
    }

    private boolean lacksExample(JsonNode schema) {
        return JSON.writeValueAsString(schema.path("type")).contains("string")
                && !schema.has("example")
                && !schema.has("enum")
                && !schema.has("format");
    }

    private HttpResponse<String> send(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(LIMIT)
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
