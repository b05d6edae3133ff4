package io.portolan.sdn.neutron;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.portolan.testbed.openstack.CloudApi;
import io.portolan.testbed.openstack.CloudLogin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A Keystone, a Neutron and an Octavia in this process, over HTTP: what the underlay asks of them, with Neutron 21's conflicts, error
 * bodies, policies, quotas, revision numbers, trunk rules, and its bulk calls that leak addresses. It passes
 * {@link NeutronContract}, as a real one does, which is what makes it fit to stand in for one. It has no data plane: a
 * port becomes ACTIVE by {@link #plug}.
 */
public final class NeutronDouble implements AutoCloseable {
    /** What a call meets before it is carried out. */
    @FunctionalInterface
    public interface Trouble {
        /** @param call method and path, such as {@code POST /v2.0/ports} */
        Fate of(String call);
    }

    /** How a call ends. */
    public sealed interface Fate {
        /** As it should. */
        record Fine() implements Fate {}

        /** The connection breaks, and nothing has been done. */
        record Lost() implements Fate {}

        /** It is done, but the connection breaks before the answer. */
        record Unheard() implements Fate {}

        /** Nothing is done. */
        record Answered(int status, Map<String, String> headers) implements Fate {}
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BALANCING = "/load-balancing";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final DoubleKeystone keystone = new DoubleKeystone();
    private final DoubleNeutron neutron = new DoubleNeutron();
    private final DoubleOctavia octavia = new DoubleOctavia(neutron);
    private final List<String> calls = new ArrayList<>();
    private final CloudLogin admin;
    private Trouble trouble = call -> new Fate.Fine();

    private NeutronDouble() throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
        keystone.region(CloudLogin.FIRST_REGION, networkUrl(), loadBalancingUrl());
        admin = login(keystone.user("admin", true, true));
    }

    public static NeutronDouble start() {
        try {
            return new NeutronDouble();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private URI url(String path) {
        return URI.create("http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path));
    }

    /** Keystone's, with its version. */
    public URI authUrl() {
        return url("/v3");
    }

    /** Neutron's, as in the catalog. */
    public URI networkUrl() {
        return url("/network");
    }

    /** Octavia's, as in the catalog. */
    public URI loadBalancingUrl() {
        return url(BALANCING);
    }

    /** Its Octavia, to make it sick. */
    DoubleOctavia octavia() {
        return octavia;
    }

    /** From now on the balancer of this description or id is never done with a change. */
    public void stall(String descriptionOrId) {
        octavia.sicken(descriptionOrId, "PENDING_UPDATE");
    }

    /** What was stalled is done. */
    public void heal(String descriptionOrId) {
        octavia.heal(descriptionOrId);
    }

    /** The cloud has no Octavia from now on, for who signs in anew. */
    public void withoutOctavia() {
        keystone.withoutOctavia();
    }

    private CloudLogin login(DoubleKeystone.Someone user) {
        return new CloudLogin(
                authUrl(),
                new CloudLogin.Password(user.user(), user.password(), user.projectName()),
                CloudLogin.FIRST_REGION);
    }

    /** A new project with one user. */
    public Tenant tenant(String name) {
        return tenant(keystone.user(name + "-" + UUID.randomUUID(), false, false));
    }

    /** A new project whose user may write {@code binding:profile}. */
    public Tenant tenantWithProfiles(String name) {
        return tenant(keystone.user(name + "-" + UUID.randomUUID(), false, true));
    }

    private Tenant tenant(DoubleKeystone.Someone user) {
        CloudLogin login = login(user);
        return new Tenant(user.projectId(), login, CloudApi.signIn(login));
    }

    /** Another way for this project's user to sign in. */
    public CloudLogin applicationCredential(Tenant tenant) {
        String user = ((CloudLogin.Password) tenant.login().identity()).user();
        String secret = keystone.applicationCredential(user);
        return new CloudLogin(authUrl(), new CloudLogin.ApplicationCredential(user, secret), CloudLogin.FIRST_REGION);
    }

    /** Changes the password of the project's user, and answers how it signs in from now on. */
    public CloudLogin changePassword(Tenant tenant, String password) {
        CloudLogin.Password old = (CloudLogin.Password) tenant.login().identity();
        keystone.password(old.user(), password);
        return new CloudLogin(
                authUrl(), new CloudLogin.Password(old.user(), password, old.project()), CloudLogin.FIRST_REGION);
    }

    /** The administrator, who sees everything. */
    public CloudApi admin() {
        return CloudApi.signIn(admin);
    }

    /** Puts a region into the catalog whose network service is elsewhere, such as behind a proxy. */
    public void publishRegion(String name, URI network) {
        keystone.region(name, network, URI.create(network.toString().replaceFirst("/network$", BALANCING)));
    }

    /** The VM that has this port starts or stops: the port and those on its trunk become ACTIVE or DOWN. */
    public void plug(String port, boolean up) {
        neutron.plug(port, up);
    }

    /** The cloud has no trunks from now on. */
    public void withoutTrunks() {
        neutron.withoutTrunks();
    }

    /** Neutron answers lists in pages of this many. */
    public void pageSize(int size) {
        neutron.pageSize(size);
    }

    public void quota(String project, String kind, int limit) {
        neutron.quota(project, kind, limit);
    }

    public void tokenLifetime(Duration time) {
        keystone.lifetime(time);
    }

    public void revokeTokens() {
        keystone.revoke();
    }

    public int logins() {
        return keystone.logins();
    }

    /** What calls of Neutron meet from now on; those of Keystone meet nothing. */
    public synchronized void trouble(Trouble next) {
        trouble = next;
    }

    /** The calls of Neutron since the last time that this was asked. */
    public synchronized List<String> calls() {
        List<String> copy = List.copyOf(calls);
        calls.clear();
        return copy;
    }

    private synchronized Fate fate(String call) {
        calls.add(call);
        return trouble.of(call);
    }

    private void handle(HttpExchange exchange) throws IOException {
        Map<String, String> headers = new HashMap<>();
        headers.put("x-openstack-request-id", "req-" + UUID.randomUUID());
        try (exchange) {
            byte[] sent = exchange.getRequestBody().readAllBytes();
            JsonNode body = sent.length == 0 ? MissingNode.getInstance() : JSON.readTree(sent);
            String path = exchange.getRequestURI().getPath();
            if (path.startsWith("/v3")) {
                answer(
                        exchange,
                        headers,
                        () -> path.endsWith("/auth/tokens")
                                ? Optional.of(keystone.token(body, authUrl(), headers))
                                : Optional.of(JSON.createObjectNode()));
                return;
            }
            boolean balancing = path.startsWith(BALANCING);
            String below = path.substring(balancing ? BALANCING.length() : "/network".length());
            Fate fate = fate(exchange.getRequestMethod() + " " + below);
            if (fate instanceof Fate.Lost) {
                return;
            }
            if (fate instanceof Fate.Answered answered) {
                headers.putAll(answered.headers());
                send(exchange, headers, answered.status(), error("", "out of order"));
                return;
            }
            if (balancing) {
                Work work = () -> octavia.handle(
                        who(exchange),
                        exchange.getRequestMethod(),
                        below.replaceFirst("^/v2/lbaas/", ""),
                        DoubleNeutron.filters(exchange.getRequestURI().getRawQuery()),
                        body);
                if (fate instanceof Fate.Unheard) {
                    work.done();
                } else {
                    answer(exchange, headers, work);
                }
                return;
            }
            DoubleNeutron.Request request = new DoubleNeutron.Request(
                    exchange.getRequestMethod(),
                    below.replaceFirst("^/v2.0/", ""),
                    DoubleNeutron.filters(exchange.getRequestURI().getRawQuery()),
                    body,
                    exchange.getRequestHeaders().getFirst("If-Match"),
                    networkUrl());
            if (fate instanceof Fate.Unheard) {
                carryOut(exchange, request);
                return;
            }
            answer(exchange, headers, () -> carryOut(exchange, request));
        }
    }

    private Optional<ObjectNode> carryOut(HttpExchange exchange, DoubleNeutron.Request request) {
        return neutron.handle(who(exchange), request);
    }

    private DoubleKeystone.Someone who(HttpExchange exchange) {
        return keystone.who(exchange.getRequestHeaders().getFirst("X-Auth-Token"))
                .orElseThrow(() -> new DoubleRefused(401, "", "The request you have made requires authentication."));
    }

    @FunctionalInterface
    private interface Work {
        Optional<ObjectNode> done();
    }

    private static void answer(HttpExchange exchange, Map<String, String> headers, Work work) throws IOException {
        try {
            Optional<ObjectNode> answer = work.done();
            int status = exchange.getRequestMethod().equals("POST") ? 201 : answer.isEmpty() ? 204 : 200;
            send(exchange, headers, status, answer.orElse(null));
        } catch (DoubleRefused e) {
            send(exchange, headers, e.status(), error(e.type(), String.valueOf(e.getMessage())));
        }
    }

    private static ObjectNode error(String type, String message) {
        ObjectNode body = JSON.createObjectNode();
        if (type.equals(DoubleRefused.OCTAVIA)) {
            body.put("faultcode", "Client").put("faultstring", message).putNull("debuginfo");
        } else if (type.isEmpty()) {
            body.putObject("error").put("message", message);
        } else {
            body.putObject("NeutronError")
                    .put("type", type)
                    .put("message", message)
                    .put("detail", "");
        }
        return body;
    }

    private static void send(HttpExchange exchange, Map<String, String> headers, int status, ObjectNode body)
            throws IOException {
        headers.forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
        if (body == null) {
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
