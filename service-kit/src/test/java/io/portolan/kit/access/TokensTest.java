package io.portolan.kit.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.portolan.testbed.issuer.TokenIssuer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

/** Whom a token makes of its bearer, with tokens as API servers and others sign them. */
class TokensTest {
    private static final Duration LIFE = Duration.ofMinutes(10);
    private static final String API_SERVER = "https://kubernetes.default.svc.cluster.local";

    @TempDir
    private Path directory;

    private int files;

    private Path published(TokenIssuer issuer) throws IOException {
        return Files.writeString(directory.resolve("keys-" + files++ + ".json"), issuer.jwks());
    }

    private static AccessProperties.Grant grant(String claim, String value, Role role, String node) {
        return new AccessProperties.Grant(claim, value, Set.of(role), node);
    }

    private static TrustedIssuer trusting(
            TokenIssuer issuer, Path keys, String cluster, AccessProperties.Grant... grants) {
        return new TrustedIssuer(
                new AccessProperties.Issuer(
                        issuer.name(),
                        issuer.audience(),
                        keys.toUri(),
                        null,
                        false,
                        null,
                        null,
                        cluster,
                        null,
                        "kubernetes.io/node/name",
                        List.of(grants)),
                new KeyFile(keys));
    }

    private static Caller caller(Issuers issuers, String token) {
        return (Caller) issuers.authenticate(new BearerTokenAuthenticationToken(token));
    }

    @Test
    void aBoundServiceAccountTokenNamesItsNodeAndItsCluster() throws IOException {
        TokenIssuer api = new TokenIssuer(API_SERVER, "portolan");
        String account = "system:serviceaccount:portolan:node-agent";
        Issuers issuers =
                new Issuers(List.of(trusting(api, published(api), "prod", grant("sub", account, Role.NODE, null))));
        Map<String, ?> bound = Map.of(
                "kubernetes.io",
                Map.of(
                        "namespace", "portolan",
                        "node", Map.of("name", "worker-1", "uid", "0b0e7a86-4a5c-4c3c-a3a1-0f2a2c6d3b11"),
                        "pod", Map.of("name", "node-agent-x7vkq", "uid", "3a8a9b1e-2222-4c3c-a3a1-0f2a2c6d3b12")));

        Caller agent = caller(issuers, api.token(account, LIFE, bound));
        assertThat(agent.node()).isEqualTo(new Caller.NodeIdentity("prod", "worker-1"));
        assertThat(Role.values()).filteredOn(agent::is).containsExactly(Role.NODE);

        Caller unbound = caller(issuers, api.token(account, LIFE, Map.of()));
        assertThat(unbound.node()).as("a cluster that is too old says no node").isNull();

        Caller another = caller(issuers, api.token("system:serviceaccount:default:default", LIFE, bound));
        assertThat(Role.values()).filteredOn(another::is).isEmpty();
        assertThat(another.node()).isNull();
    }

    @Test
    void inAnOlderClusterANodeIsKnownByAnIdentityOfItsOwn() throws IOException {
        TokenIssuer api = new TokenIssuer(API_SERVER, "portolan");
        Issuers issuers = new Issuers(List.of(trusting(
                api,
                published(api),
                "old",
                grant("sub", "system:serviceaccount:portolan-nodes:*", Role.NODE, "*"),
                grant("sub", "system:serviceaccount:portolan:special", Role.NODE, "worker-9"))));
        assertThat(caller(issuers, api.token("system:serviceaccount:portolan-nodes:worker-3", LIFE, Map.of()))
                        .node())
                .isEqualTo(new Caller.NodeIdentity("old", "worker-3"));
        assertThat(caller(issuers, api.token("system:serviceaccount:portolan:special", LIFE, Map.of()))
                        .node())
                .isEqualTo(new Caller.NodeIdentity("old", "worker-9"));
    }

    @Test
    void clustersWhoseIssuersHaveOneNameAreToldApartByTheirKeys() throws IOException {
        TokenIssuer first = new TokenIssuer(API_SERVER, "portolan");
        TokenIssuer second = new TokenIssuer(API_SERVER, "portolan");
        Issuers issuers = new Issuers(List.of(
                trusting(first, published(first), "first", grant("sub", "agent", Role.NODE, "n")),
                trusting(second, published(second), "second", grant("sub", "agent", Role.NODE, "n"))));
        assertThat(caller(issuers, second.token("agent", LIFE, Map.of())).node())
                .isEqualTo(new Caller.NodeIdentity("second", "n"));
        assertThat(caller(issuers, first.token("agent", LIFE, Map.of())).node())
                .isEqualTo(new Caller.NodeIdentity("first", "n"));
    }

    @Test
    void groupsOfAnOpenIdProviderAreRolesAndAnAdminIsAllPersonsRoles() throws IOException {
        TokenIssuer provider = new TokenIssuer("https://login.example/realm", "portolan");
        Issuers issuers = new Issuers(List.of(
                trusting(provider, published(provider), null, grant("groups", "network-admins", Role.ADMIN, null))));
        Caller person =
                caller(issuers, provider.token("alice", LIFE, Map.of("groups", List.of("staff", "network-admins"))));
        assertThat(Role.values()).filteredOn(person::is).containsExactly(Role.ADMIN, Role.OPERATOR, Role.VIEWER);
        assertThat(person.getName()).isEqualTo("alice");
    }

    @Test
    void aKeyInAFileCountsFromItsBeingThereToItsBeingTakenAway() throws IOException {
        TokenIssuer issuer = new TokenIssuer("https://issuer.test", "portolan");
        Path keys = published(issuer);
        Issuers issuers = new Issuers(List.of(trusting(issuer, keys, null, grant("sub", "a", Role.VIEWER, null))));
        String before = issuer.token("a", LIFE, Map.of());
        assertThat(caller(issuers, before).is(Role.VIEWER)).isTrue();

        issuer.rotate();
        String after = issuer.token("a", LIFE, Map.of());
        assertThatThrownBy(() -> caller(issuers, after)).isInstanceOf(TokenRefused.class);
        Path renewed = Files.writeString(directory.resolve("renewed"), issuer.jwks());
        Files.move(renewed, keys, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        assertThat(caller(issuers, after).is(Role.VIEWER)).isTrue();
        assertThatThrownBy(() -> caller(issuers, before)).isInstanceOf(TokenRefused.class);

        Files.delete(keys);
        assertThatThrownBy(() -> caller(issuers, after)).isInstanceOf(TokenRefused.Unjudged.class);
    }

    @Test
    void keysAreDiscoveredAndFollowedWhereTheIssuerIsReached() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try {
            String base = "http://127.0.0.1:" + server.getAddress().getPort();
            TokenIssuer issuer = new TokenIssuer(API_SERVER, "portolan");
            Path shown = Files.writeString(directory.resolve("own-token"), "the-pods-token\n");
            serve(server, "/.well-known/openid-configuration", () -> """
                    {"issuer": "%s", "jwks_uri": "%s/openid/v1/jwks"}""".formatted(API_SERVER, base));
            serve(server, "/openid/v1/jwks", issuer::jwks);
            AccessProperties.Issuer settings = new AccessProperties.Issuer(
                    API_SERVER,
                    "portolan",
                    null,
                    URI.create(base),
                    false,
                    null,
                    shown,
                    null,
                    null,
                    "",
                    List.of(grant("sub", "a", Role.VIEWER, null)));
            Issuers issuers = new Issuers(List.of(new TrustedIssuer(settings, KeyServer.of(settings))));

            assertThatThrownBy(() -> caller(issuers, issuer.token("a", LIFE, Map.of())))
                    .as("nobody answers yet")
                    .isInstanceOf(TokenRefused.Unjudged.class);
            server.start();
            String before = issuer.token("a", LIFE, Map.of());
            assertThat(caller(issuers, before).is(Role.VIEWER)).isTrue();
            server.stop(0);
            assertThat(caller(issuers, before).is(Role.VIEWER))
                    .as("while the issuer is away")
                    .isTrue();
        } finally {
            server.stop(0);
        }
    }

    private static void serve(HttpServer server, String path, Supplier<String> body) {
        server.createContext(path, exchange -> {
            boolean known =
                    "Bearer the-pods-token".equals(exchange.getRequestHeaders().getFirst("Authorization"));
            byte[] bytes = known ? body.get().getBytes(StandardCharsets.UTF_8) : new byte[0];
            exchange.sendResponseHeaders(known ? 200 : 403, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
    }

    @Test
    void keysAreNotFetchedWhereAnybodyCouldPutOthersInTheirPlace() {
        AccessProperties.Issuer settings = new AccessProperties.Issuer(
                "http://issuer.test",
                "portolan",
                null,
                null,
                false,
                null,
                null,
                null,
                null,
                "",
                List.of(grant("sub", "a", Role.VIEWER, null)));
        assertThatThrownBy(() -> KeyServer.of(settings)).isInstanceOf(AccessMisconfigured.class);
    }

    @Test
    void anOpenServiceListensToThisMachineOnlyUnlessItIsToldTwice() {
        assertThatThrownBy(() -> new OpenToAll("0.0.0.0", false)).isInstanceOf(AccessMisconfigured.class);
        assertThatThrownBy(() -> new OpenToAll(null, false))
                .isInstanceOf(AccessMisconfigured.class)
                .hasMessageContaining("every address");
        assertThat(new OpenToAll("127.0.0.1", false).health().getDetails()).containsKey("warning");
        assertThat(new OpenToAll("0.0.0.0", true).health().getDetails()).containsKey("warning");
    }
}
