package io.portolan.agent.security;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.api.BindingAnswer;
import io.portolan.model.api.BindingRequest;
import io.portolan.model.api.NodeSecurity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** security-service as an agent sees it, with one node, in memory, and the faults that a network has. */
public final class TestingSecurity implements AutoCloseable {
    /** Where bindings take effect. */
    @FunctionalInterface
    public interface Network {
        /** @return the mark that says when the node has carried it out; null where it cannot tell */
        @Nullable Long put(Map<PortId, Set<ProfileId>> all);
    }

    /** What goes wrong with one call for bindings. */
    public enum Fault {
        /** It is done; the answer never arrives. */
        ANSWER_LOST,
        /** Something on the way says 502. */
        BAD_GATEWAY,
        /** It is written down, and the network does not take it. */
        NETWORK_AWAY
    }

    private record Problem(int status, String slug, String detail) {}

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Network network;
    private final LongSupplier epoch;
    private final Map<PortId, Set<ProfileId>> bindings = new LinkedHashMap<>();
    private final Map<PortId, List<Set<ProfileId>>> histories = new HashMap<>();
    private final List<String> calls = new ArrayList<>();
    private final List<String> traces = new ArrayList<>();
    private final Deque<Fault> faults = new ArrayDeque<>();
    private final Map<String, Problem> refusals = new HashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final int tcpPort;
    private NodeSecurity catalogue = new NodeSecurity(false, List.of(), List.of(), List.of());
    private int version = 1;
    private HttpServer server;

    /** @param epoch the node's */
    public TestingSecurity(Network network, LongSupplier epoch) {
        this.network = network;
        this.epoch = epoch;
        server = serve(0);
        tcpPort = server.getAddress().getPort();
    }

    private HttpServer serve(int onPort) {
        try {
            HttpServer fresh = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), onPort), 0);
            fresh.setExecutor(threads);
            fresh.createContext("/", this::handle);
            fresh.start();
            return fresh;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + tcpPort);
    }

    public void stop() {
        server.stop(0);
    }

    public void start() {
        server = serve(tcpPort);
    }

    public synchronized void catalogue(NodeSecurity next) {
        catalogue = next;
        version++;
    }

    public synchronized void next(Fault... how) {
        faults.addAll(List.of(how));
    }

    /** Bindings to this profile are refused. */
    public synchronized void refuse(ProfileId profile, int status, String slug, String detail) {
        refusals.put(profile.toString(), new Problem(status, slug, detail));
    }

    public synchronized void accept(ProfileId profile) {
        refusals.remove(profile.toString());
    }

    /** What arrived, in words. */
    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    public synchronized List<String> changes() {
        return calls.stream().filter(call -> call.startsWith("bind")).toList();
    }

    public synchronized Map<PortId, Set<ProfileId>> bindings() {
        return Map.copyOf(bindings);
    }

    public synchronized Set<ProfileId> binding(PortId port) {
        return bindings.getOrDefault(port, Set.of());
    }

    /** All sets that the port was put in, one after another. */
    public synchronized List<Set<ProfileId>> history(PortId port) {
        return List.copyOf(histories.getOrDefault(port, List.of()));
    }

    /** What each binding named as its trace. */
    public synchronized List<String> traces() {
        return List.copyOf(traces);
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        if (path.endsWith("/security")) {
            catalogue(exchange);
            return;
        }
        Fault fault;
        Object answer;
        synchronized (this) {
            fault = faults.poll();
            traces.add(String.valueOf(exchange.getRequestHeaders().getFirst("traceparent")));
            if (fault == Fault.BAD_GATEWAY) {
                calls.add("bind: bad gateway");
                send(exchange, 502, "bad gateway".getBytes(StandardCharsets.UTF_8));
                return;
            }
            answer = bind(JSON.readValue(body, BindingRequest.class), fault == Fault.NETWORK_AWAY);
        }
        if (fault == Fault.ANSWER_LOST) {
            exchange.close();
        } else if (answer instanceof Problem problem) {
            send(
                    exchange,
                    problem.status(),
                    JSON.writeValueAsBytes(
                            Map.of("type", "urn:portolan:problem:" + problem.slug(), "detail", problem.detail())));
        } else {
            send(exchange, 200, JSON.writeValueAsBytes(answer));
        }
    }

    private synchronized void catalogue(HttpExchange exchange) throws IOException {
        String tag = "\"%d\"".formatted(version);
        boolean known = tag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
        calls.add(known ? "read: unchanged" : "read");
        exchange.getResponseHeaders().add("ETag", tag);
        if (known) {
            exchange.sendResponseHeaders(304, -1);
            exchange.close();
        } else {
            send(exchange, 200, JSON.writeValueAsBytes(catalogue));
        }
    }

    private Object bind(BindingRequest request, boolean away) {
        calls.add("bind " + request.bindings().size() + " to "
                + request.bindings().stream()
                        .map(one -> one.profiles().size())
                        .distinct()
                        .toList());
        if (request.epoch() != epoch.getAsLong()) {
            return new Problem(409, "stale-epoch", "epoch %d has passed".formatted(request.epoch()));
        }
        for (BindingRequest.Binding one : request.bindings()) {
            Set<ProfileId> now = binding(one.port());
            if (!now.isEmpty() && !one.profiles().isEmpty() && !now.equals(Set.copyOf(one.profiles()))) {
                return new Problem(409, "port-in-other-profiles", "port %s is in others".formatted(one.port()));
            }
            for (ProfileId profile : one.profiles()) {
                Problem refusal = refusals.get(profile.toString());
                if (refusal != null) {
                    return refusal;
                }
            }
        }
        for (BindingRequest.Binding one : request.bindings()) {
            bindings.put(one.port(), Set.copyOf(one.profiles()));
            histories.computeIfAbsent(one.port(), port -> new ArrayList<>()).add(binding(one.port()));
        }
        return away
                ? new Problem(503, "network-unavailable", "the network does not answer")
                : new BindingAnswer(network.put(Map.copyOf(bindings)));
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders()
                    .add("Content-Type", status == 200 ? "application/json" : "application/problem+json");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    public static NodeSecurity.Profile profile(String name) {
        return new NodeSecurity.Profile(id(name), name, null, null, true);
    }

    /** The same for a name each time. */
    public static ProfileId id(String name) {
        return new ProfileId(
                java.util.UUID.nameUUIDFromBytes(Objects.requireNonNull(name).getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
