package io.portolan.lb;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** topology-service as far as floating addresses go, and as docs/openapi/topology-service.yaml has it; the demo has the real one. */
final class TestingTopology implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String FLOATING_IPS = "/v1/clusters/blue/floating-ips";

    private final HttpServer server;
    private final Map<String, Map<String, Object>> floatingIps = new TreeMap<>();
    private final List<String> writes = new ArrayList<>();
    private boolean up = true;
    private boolean gateway = true;
    private int given;

    TestingTopology() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    synchronized void up(boolean now) {
        up = now;
    }

    synchronized void gateway(boolean now) {
        gateway = now;
    }

    /** One that somebody declared by hand. */
    synchronized void put(String name, String address) {
        floatingIps.put(name, Map.of("name", name, "address", address, "state", "waiting"));
    }

    /** Names, addresses and pods. */
    synchronized List<String> floatingIps() {
        return floatingIps.values().stream()
                .map(each -> "%s %s %s".formatted(each.get("name"), each.get("address"), pod(each.get("pod"))))
                .toList();
    }

    private static String pod(Object pod) {
        return pod instanceof Map<?, ?> map ? map.get("namespace") + "/" + map.get("name") : "nobody";
    }

    synchronized List<String> writes() {
        return List.copyOf(writes);
    }

    private synchronized void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!up) {
                answer(exchange, 503, Map.of("type", "urn:portolan:problem:unavailable", "detail", "not now"));
                return;
            }
            URI uri = exchange.getRequestURI();
            String name = uri.getPath().substring(Math.min(uri.getPath().length(), FLOATING_IPS.length() + 1));
            switch (exchange.getRequestMethod()) {
                case "GET" -> get(exchange, name);
                case "PUT" -> put(exchange, name);
                default -> {
                    writes.add("DELETE " + name);
                    floatingIps.remove(name);
                    exchange.sendResponseHeaders(204, -1);
                }
            }
        }
    }

    private void get(HttpExchange exchange, String name) throws IOException {
        if (name.isEmpty()) {
            answer(exchange, 200, Map.of("floatingIps", List.copyOf(floatingIps.values())));
        } else if (floatingIps.containsKey(name)) {
            answer(exchange, 200, floatingIps.get(name));
        } else {
            answer(
                    exchange,
                    404,
                    Map.of("type", "urn:portolan:problem:unknown-floating-ip", "detail", "there is none"));
        }
    }

    private void put(HttpExchange exchange, String name) throws IOException {
        JsonNode claim = JSON.readTree(exchange.getRequestBody().readAllBytes());
        if (!gateway) {
            answer(
                    exchange,
                    404,
                    Map.of("type", "urn:portolan:problem:no-gateway", "detail", "cluster blue has no gateway"));
            return;
        }
        writes.add("PUT " + name);
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("name", name);
        made.put("address", claim.has("address") ? claim.path("address").asString() : "203.0.113." + (17 + given++));
        made.put(
                "pod",
                Map.of(
                        "name", claim.at("/pod/name").asString(),
                        "namespace", claim.at("/pod/namespace").asString()));
        made.put("state", "active");
        made.put("somethingNewer", 1);
        floatingIps.put(name, made);
        answer(exchange, 201, made);
    }

    private static void answer(HttpExchange exchange, int status, Object body) throws IOException {
        byte[] bytes = JSON.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders()
                .set("Content-Type", status < 400 ? "application/json" : "application/problem+json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
