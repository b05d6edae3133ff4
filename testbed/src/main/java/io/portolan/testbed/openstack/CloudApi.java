package io.portolan.testbed.openstack;

import io.portolan.testbed.TestbedFailed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A cloud as a bare HTTP client sees it: for tests that look behind somebody's back or measure against plain calls. It
 * signs in when it is made, and once more when a call is answered by 401. Safe to use from several threads.
 */
public final class CloudApi {
    /** What came back, whatever the status; the body is a missing node if it is not JSON. */
    public record Answer(int status, HttpHeaders headers, JsonNode body) {}

    /** One service of the catalog; its paths begin after the version: {@code /ports?name=x}. */
    public final class Service {
        private final String type;
        private final String version;

        private Service(String type, String version) {
            this.type = type;
            this.version = version;
        }

        public JsonNode get(String path) {
            return wanted("GET", path, null);
        }

        /** The body is JSON text, or anything that Jackson writes. */
        public JsonNode post(String path, Object body) {
            return wanted("POST", path, body);
        }

        public JsonNode put(String path, Object body) {
            return wanted("PUT", path, body);
        }

        /** PUT without a body. */
        public JsonNode put(String path) {
            return wanted("PUT", path, null);
        }

        public JsonNode patch(String path, Object body) {
            return wanted("PATCH", path, body);
        }

        public void delete(String path) {
            wanted("DELETE", path, null);
        }

        private JsonNode wanted(String method, String path, @Nullable Object body) {
            Answer answer = call(method, path, body, Map.of());
            if (answer.status() >= 400) {
                throw new CloudRefused(method, path, answer);
            }
            return answer.body();
        }

        /** Any call with any outcome. */
        public Answer call(String method, String path, @Nullable Object body, Map<String, String> headers) {
            Session now = session;
            Answer answer = send(now, method, path, body, headers);
            if (answer.status() == 401) {
                return send(renewed(now), method, path, body, headers);
            }
            return answer;
        }

        private Answer send(
                Session by, String method, String path, @Nullable Object body, Map<String, String> headers) {
            HttpRequest.Builder request = request(method, URI.create(by.endpoint(type) + version + path), body)
                    .header("X-Auth-Token", by.token());
            headers.forEach(request::header);
            return answered(request);
        }
    }

    private record Session(String token, Map<String, String> endpoints, String project) {
        private String endpoint(String type) {
            String url = endpoints.get(type);
            if (url == null) {
                throw new IllegalStateException("the catalog has no %s: %s".formatted(type, endpoints));
            }
            return url;
        }
    }

    static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final CloudLogin login;
    private volatile Session session;

    private CloudApi(CloudLogin login) {
        this.login = login;
        session = signIn();
    }

    public static CloudApi signIn(CloudLogin login) {
        return new CloudApi(login);
    }

    public Service identity() {
        return new Service("identity", "");
    }

    public Service network() {
        return new Service("network", "/v2.0");
    }

    public Service loadBalancing() {
        return new Service("load-balancer", "/v2/lbaas");
    }

    /** The project that the token is for. */
    public String projectId() {
        return session.project();
    }

    /** The present token, for example to revoke it. */
    public String token() {
        return session.token();
    }

    /** What Neutron has and shows to us, see {@link NetworkInventory}. */
    public NetworkInventory inventory() {
        return NetworkInventory.of(network(), "");
    }

    /** What Neutron has of one project. */
    public NetworkInventory inventory(String projectId) {
        return NetworkInventory.of(network(), "?project_id=" + projectId);
    }

    private synchronized Session renewed(Session stale) {
        if (session.token().equals(stale.token())) {
            session = signIn();
        }
        return session;
    }

    private Session signIn() {
        Map<String, Object> auth = new TreeMap<>(login.identity().scope());
        auth.put("identity", login.identity().methods());
        String path = login.authUrl() + "/auth/tokens";
        Answer answer = answered(request("POST", URI.create(path), Map.of("auth", auth)));
        if (answer.status() != 201) {
            throw new CloudRefused("POST", path, answer);
        }
        JsonNode token = answer.body().path("token");
        Map<String, String> endpoints = new TreeMap<>();
        for (JsonNode service : token.path("catalog")) {
            for (JsonNode endpoint : service.path("endpoints")) {
                if (endpoint.path("interface").asString().equals("public")
                        && endpoint.path("region_id").asString().equals(login.region())) {
                    endpoints.put(
                            service.path("type").asString(),
                            endpoint.path("url").asString());
                }
            }
        }
        String id = answer.headers().firstValue("X-Subject-Token").orElseThrow();
        return new Session(id, endpoints, token.path("project").path("id").asString());
    }

    private static HttpRequest.Builder request(String method, URI target, @Nullable Object body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(target).timeout(PATIENCE);
        if (body == null) {
            return request.method(method, BodyPublishers.noBody());
        }
        String text = body instanceof CharSequence json ? json.toString() : JSON.writeValueAsString(body);
        return request.method(method, BodyPublishers.ofString(text)).header("Content-Type", "application/json");
    }

    private Answer answered(HttpRequest.Builder request) {
        HttpRequest built = request.header("Accept", "application/json").build();
        try {
            HttpResponse<String> response = http.send(built, BodyHandlers.ofString());
            boolean json = response.headers()
                            .firstValue("Content-Type")
                            .filter(type -> type.contains("json"))
                            .isPresent()
                    && !response.body().isBlank();
            JsonNode body = json ? JSON.readTree(response.body()) : JSON.missingNode();
            return new Answer(response.statusCode(), response.headers(), body);
        } catch (IOException e) {
            throw new UncheckedIOException("%s %s".formatted(built.method(), built.uri()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TestbedFailed("interrupted in a call of the cloud", e);
        }
    }
}
