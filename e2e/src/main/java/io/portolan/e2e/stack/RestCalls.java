package io.portolan.e2e.stack;

import io.portolan.model.identity.TokenFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A service's REST interface as an operator with curl has it. */
public final class RestCalls {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .build();
    private final String base;
    private final Duration limit;
    private final Optional<TokenFile> identity;

    public RestCalls(String base) {
        this(base, LIMIT);
    }

    /** @param limit how long an answer may take */
    public RestCalls(String base, Duration limit) {
        this(base, limit, Optional.empty());
    }

    private RestCalls(String base, Duration limit, Optional<TokenFile> identity) {
        this.base = base;
        this.limit = limit;
        this.identity = identity;
    }

    /** The same as somebody whose token is in a file. */
    public RestCalls as(TokenFile token) {
        return new RestCalls(base, limit, Optional.of(token));
    }

    /** What the service answered, whatever the status; the body is an empty object where there was none. */
    public record Answer(int status, JsonNode body) {
        public boolean succeeded() {
            return status / 100 == 2;
        }

        /** The body of a success; any other status throws with the problem's words. */
        public JsonNode ok() {
            if (!succeeded()) {
                throw new IllegalStateException("status " + status + ": " + body);
            }
            return body;
        }
    }

    public String base() {
        return base;
    }

    public Answer get(String path) {
        return call(request(path).GET());
    }

    public Answer put(String path, Object body) {
        return call(json(path, "PUT", body));
    }

    public Answer post(String path, Object body) {
        return call(json(path, "POST", body));
    }

    public Answer delete(String path) {
        return call(request(path).DELETE());
    }

    /** A text that is not JSON, such as metrics. */
    public String text(String path) {
        return send(request(path).GET().build()).body();
    }

    /** Whether it answers this path with success now. */
    public boolean answers(String path) {
        try {
            return send(request(path).timeout(Duration.ofSeconds(2)).GET().build())
                            .statusCode()
                    == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base + path)).timeout(limit);
        try {
            if (identity.isPresent()) {
                request.header("Authorization", identity.get().authorization());
            }
            return request;
        } catch (IOException e) {
            throw new UncheckedIOException("there is no token to show to " + base, e);
        }
    }

    private HttpRequest.Builder json(String path, String method, Object body) {
        return request(path)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)));
    }

    private Answer call(HttpRequest.Builder request) {
        HttpResponse<String> response = send(request.build());
        String body = response.body();
        return new Answer(response.statusCode(), body.isBlank() ? JSON.createObjectNode() : JSON.readTree(body));
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(request.uri() + " does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + request.uri(), e);
        }
    }
}
