package io.portolan.kit.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ledger.LedgerDatabase;
import io.portolan.testbed.issuer.TokenIssuer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every operation of a service's OpenAPI document, called with every role, as another node, without a token and with tokens
 * that must not count. What is expected is what the document says in {@code x-roles}; an operation that does not say it fails.
 */
public final class AccessMatrix implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration LIFE = Duration.ofMinutes(30);
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");
    private static final String OWN = "own-node";

    private final TokenIssuer issuer = new TokenIssuer("https://issuer.test", "portolan");
    private final String cluster = "access-" + UUID.randomUUID().toString().substring(0, 8);
    private final UUID ownId = UUID.randomUUID();
    private final Path keys;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    public AccessMatrix() {
        try {
            keys = Files.createTempFile("portolan-keys", ".json");
            Files.writeString(keys, issuer.jwks());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What makes a service believe the tokens of this matrix, as {@code key=value}. */
    public String[] settings() {
        List<String> settings = new ArrayList<>(List.of(
                "portolan.access.open=false",
                "portolan.access.issuers[0].issuer=" + issuer.name(),
                "portolan.access.issuers[0].audience=" + issuer.audience(),
                "portolan.access.issuers[0].jwks=" + keys.toUri(),
                "portolan.access.issuers[0].cluster-claim=cluster",
                "portolan.access.issuers[0].node-claim=node",
                "portolan.limits.stranger.per-second=0"));
        int number = 0;
        for (Role role : Role.values()) {
            String grant = "portolan.access.issuers[0].grants[%d].".formatted(number++);
            settings.add(grant + "claim=roles");
            settings.add(grant + "value=" + role);
            settings.add(grant + "roles=" + role);
        }
        return settings.toArray(String[]::new);
    }

    /** Writes this matrix's cluster with a node into the ledger, for operations by a node's id. */
    public AccessMatrix withNode(LedgerDatabase ledger) throws SQLException {
        UUID id = UUID.randomUUID();
        ledger.execute("""
                insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds,
                    pods_per_cpu, pods_per_gib, min_pods, max_pods, state)
                values ('%s', '%s', 'overlay', '{10.4.0.0/16}', 'none', 1442, 16, 8, 30, 10, 4, 8, 250, 'ready')
                """.formatted(id, cluster), """
                insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, chassis, agent, epoch, state)
                values ('%s', '%s', '%s', 4, 8192, 110, 'own-chassis', '%s', 1, 'ready')
                """.formatted(ownId, id, OWN, UUID.randomUUID()));
        return this;
    }

    /** Calls everything there is. */
    public void check(String base) {
        Map<String, String> counting = counting();
        Map<String, String> worthless = worthless();
        List<String> wrong = new ArrayList<>();
        int operations = 0;
        JsonNode document = JSON.readTree(send(base, "GET", "/v3/api-docs", "").body());
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                if (!METHODS.contains(operation.getKey())) {
                    continue;
                }
                operations++;
                String method = operation.getKey().toUpperCase(Locale.ROOT);
                List<String> roles = new ArrayList<>();
                operation.getValue().path("x-roles").forEach(role -> roles.add(role.asString()));
                if (roles.isEmpty()) {
                    wrong.add(method + " " + path.getKey() + " has no rule");
                }
                counting.forEach((who, token) -> {
                    HttpResponse<String> answer = send(base, method, filled(path.getKey()), token);
                    if (mayCall(who, roles) ? isDenied(answer) : !isProblem(answer, 403, "forbidden")) {
                        wrong.add("%s %s for %s, as %s: %d %s"
                                .formatted(method, path.getKey(), roles, who, answer.statusCode(), answer.body()));
                    }
                });
                worthless.forEach((who, token) -> {
                    HttpResponse<String> answer = send(base, method, filled(path.getKey()), token);
                    if (!isProblem(answer, 401, "unauthenticated")
                            || !answer.headers()
                                    .firstValue("WWW-Authenticate")
                                    .orElse("")
                                    .startsWith("Bearer")) {
                        wrong.add("%s %s with %s: %d %s"
                                .formatted(method, path.getKey(), who, answer.statusCode(), answer.body()));
                    }
                });
            }
        }
        assertThat(operations).isGreaterThan(5);
        assertThat(wrong).isEmpty();
        theRest(base, counting);
    }

    /** Calls a service that lets a person or a stranger ask three times at once, and then once in about a quarter of an hour. */
    public void checkLimits(String base) {
        String one = issuer.token("one", LIFE, Map.of("roles", "viewer"));
        String path = "/v1/clusters/none/pools";
        for (int i = 0; i < 3; i++) {
            assertThat(send(base, "GET", path, one).statusCode()).isEqualTo(404);
            assertThat(send(base, "GET", path, "worthless").statusCode()).isEqualTo(401);
        }
        HttpResponse<String> refused = send(base, "GET", path, one);
        assertThat(isProblem(refused, 429, "too-many-requests"))
                .as(refused.body())
                .isTrue();
        assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(1L, 1_000L);
        assertThat(isProblem(send(base, "GET", path, "worthless"), 429, "too-many-requests"))
                .isTrue();
        assertThat(isProblem(send(base, "GET", path, ""), 429, "too-many-requests"))
                .isTrue();
        assertThat(send(base, "GET", "/actuator/health/liveness", "").statusCode())
                .isEqualTo(200);
        String other = issuer.token("other", LIFE, Map.of("roles", "viewer"));
        assertThat(send(base, "GET", path, other).statusCode()).isEqualTo(404);
        assertThat(send(base, "GET", "/actuator/prometheus", other).body())
                .contains("portolan_http_limited_total{caller=\"person\"} 1.0")
                .contains("portolan_http_limited_total{caller=\"stranger\"} 2.0");
    }

    private void theRest(String base, Map<String, String> counting) {
        assertThat(send(base, "GET", "/actuator/health/liveness", "").statusCode())
                .isEqualTo(200);
        assertThat(send(base, "GET", "/actuator/health/readiness", "").statusCode())
                .isEqualTo(200);
        assertThat(send(base, "GET", "/actuator/health", "").body())
                .as("a stranger learns no more than whether it is well")
                .doesNotContain("components");
        assertThat(send(base, "GET", "/actuator/prometheus", "").statusCode()).isEqualTo(401);
        assertThat(send(base, "GET", "/actuator/prometheus", counting.get("viewer"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(base, "GET", "/actuator/prometheus", counting.get("node"))
                        .statusCode())
                .isEqualTo(403);
        assertThat(send(base, "GET", "/nothing", counting.get("admin")).statusCode())
                .isEqualTo(403);
        assertThat(send(base, "GET", "/v1/nothing", counting.get("admin")).statusCode())
                .isEqualTo(404);
    }

    /** Of the node's own role as of others: whether a rule of the document admits it. */
    private static boolean mayCall(String who, List<String> roles) {
        return switch (who) {
            case "admin" -> roles.contains("admin") || roles.contains("operator") || roles.contains("viewer");
            case "operator" -> roles.contains("operator") || roles.contains("viewer");
            case "viewer", "service", "node" -> roles.contains(who);
            default -> false;
        };
    }

    private Map<String, String> counting() {
        Map<String, String> tokens = new LinkedHashMap<>();
        for (Role role : Role.values()) {
            tokens.put(role.toString(), token(Map.of("roles", role.toString(), "cluster", cluster, "node", OWN)));
        }
        tokens.put("another node", token(Map.of("roles", "node", "cluster", cluster, "node", "other-node")));
        tokens.put(
                "a node of that name of another cluster",
                token(Map.of("roles", "node", "cluster", "another", "node", OWN)));
        tokens.put("a node without a name", token(Map.of("roles", "node", "cluster", cluster)));
        tokens.put("somebody without a role", token(Map.of("roles", List.of("cook"))));
        return tokens;
    }

    private String token(Map<String, ?> more) {
        return issuer.token("somebody", LIFE, more);
    }

    private Map<String, String> worthless() {
        long now = Instant.now().getEpochSecond();
        Map<String, String> admin = Map.of("roles", "admin");
        Map<String, Object> claims = Map.of(
                "iss", issuer.name(), "aud", issuer.audience(), "sub", "somebody", "exp", now + 600, "roles", "admin");
        Map<String, Object> endless = new LinkedHashMap<>(claims);
        endless.remove("exp");
        String good = issuer.sign(claims);
        String[] parts = good.split("\\.");
        Map<String, String> tokens = new LinkedHashMap<>();
        tokens.put("no token", "");
        tokens.put("no JSON web token", "abc");
        tokens.put("an expired token", issuer.token("somebody", Duration.ofMinutes(-5), admin));
        tokens.put("a token of tomorrow", token(Map.of("roles", "admin", "nbf", now + 86_400, "exp", now + 90_000)));
        tokens.put("a token without an end", issuer.sign(endless));
        tokens.put("a token for others", token(Map.of("roles", "admin", "aud", List.of("others"))));
        tokens.put("a stranger's token", new TokenIssuer("https://stranger.test", "portolan").token("s", LIFE, admin));
        tokens.put(
                "a token by a stranger's key",
                new TokenIssuer(issuer.name(), issuer.audience()).token("somebody", LIFE, admin));
        tokens.put(
                "a token with other claims than were signed",
                parts[0] + "."
                        + TokenIssuer.encoded(
                                Map.of("iss", issuer.name(), "aud", "portolan", "exp", now + 900, "roles", "admin"))
                        + "." + parts[2]);
        tokens.put("a token that nobody signed", TokenIssuer.encoded(Map.of("alg", "none")) + "." + parts[1] + ".");
        tokens.put("a token signed with the public key as a secret", withPublicKeyAsSecret(parts[1]));
        return tokens;
    }

    private String withPublicKeyAsSecret(String claims) {
        String signed = TokenIssuer.encoded(Map.of("alg", "HS256", "kid", issuer.keyId())) + "." + claims;
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(issuer.publicKey().getEncoded(), "HmacSHA256"));
            return signed + "." + TokenIssuer.base64(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private String filled(String path) {
        return path.replace("{cluster}", cluster)
                .replace("{node}", path.contains("{cluster}") ? OWN : ownId.toString())
                .replace("{ordinal}", "7")
                .replace("{port}", UUID.randomUUID().toString())
                .replaceAll("\\{(ip|address)}", "10.99.0.1")
                .replaceAll("\\{[a-z]+}", "none");
    }

    /** Whoever may call is answered whatever the service has to say, such as that there is no such thing. */
    private static boolean isDenied(HttpResponse<String> answer) {
        return answer.statusCode() == 401 || answer.statusCode() == 403 || answer.statusCode() >= 500;
    }

    private static boolean isProblem(HttpResponse<String> answer, int status, String slug) {
        return answer.statusCode() == status
                && answer.headers().firstValue("Content-Type").orElse("").startsWith("application/problem+json")
                && JSON.readTree(answer.body()).path("type").asString("").equals("urn:portolan:problem:" + slug);
    }

    /** With a body that no operation takes, so that nothing is made. */
    private HttpResponse<String> send(String base, String method, String path, String token) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base + path)).timeout(LIMIT);
        if (method.equals("PUT") || method.equals("POST")) {
            request.header("Content-Type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofString("[1]"));
        } else {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        }
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        http.close();
        try {
            Files.delete(keys);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
