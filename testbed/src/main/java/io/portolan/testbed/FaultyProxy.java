package io.portolan.testbed;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * A reverse proxy on the loopback address that counts what passes and, by rules that a test sets while it runs, delays,
 * answers itself, or loses calls.
 *
 * <p>All rules that match a call apply, in the order in which they were set, until one ends the call. A rule on the way
 * back applies only to what was forwarded. What is forwarded is forwarded once; if the service is gone, the caller's
 * connection ends without an answer, as it would without a proxy. Links in answers point to the proxy if the service
 * heeds {@code X-Forwarded-Host}.
 */
public final class FaultyProxy implements AutoCloseable {
    /**
     * A call that has ended.
     *
     * @param path without the query
     * @param query empty if there is none
     * @param forwarded whether the service got it
     * @param status what the caller was told; 0 if nothing
     */
    public record Call(Instant at, String method, String path, String query, boolean forwarded, int status) {}

    /** A call under way, for hooks. */
    public record Passing(String method, String path, String query, String body) {}

    /** Instead of a method: each. */
    public static final String ANY = "*";

    private static final Set<String> OF_ONE_CONNECTION = Set.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private final URI target;
    private final InetSocketAddress address =
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), Listeners.freeLoopbackPort());
    private final @Nullable HttpsConfigurator tls;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<ProxyRule> rules = new CopyOnWriteArrayList<>();
    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private @Nullable HttpServer server;

    private FaultyProxy(URI target, @Nullable HttpsConfigurator tls) {
        this.target = target;
        this.tls = tls;
        accept();
    }

    /** Before the service at this address, which has no path. */
    public static FaultyProxy to(URI target) {
        return new FaultyProxy(target, null);
    }

    /** The same, which speaks TLS to its callers. */
    public static FaultyProxy to(URI target, SSLContext tls) {
        return new FaultyProxy(target, new HttpsConfigurator(tls));
    }

    /** The same, for callers with a certificate that is trusted by this context. */
    public static FaultyProxy mutual(URI target, SSLContext tls) {
        return new FaultyProxy(target, new HttpsConfigurator(tls) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters demanding = getSSLContext().getDefaultSSLParameters();
                demanding.setNeedClientAuth(true);
                parameters.setSSLParameters(demanding);
            }
        });
    }

    public URI url() {
        return url("");
    }

    public URI url(String path) {
        return URI.create("%s://127.0.0.1:%d%s".formatted(scheme(), address.getPort(), path));
    }

    private String scheme() {
        return tls == null ? "http" : "https";
    }

    /** Begins a rule for calls of this method, or {@link #ANY}, whose path, without query, matches this whole pattern. */
    public ProxyRule on(String method, String path) {
        return new ProxyRule(rules, method, path);
    }

    /** Removes all rules, and accepts again. */
    public void heal() {
        rules.clear();
        accept();
    }

    /** Connections are refused, those that are open end. */
    public synchronized void refuse() {
        if (server != null) {
            server.stop(0);
            server = null;
        }
    }

    /** Ends {@link #refuse()}: listens on the same port as before. */
    public synchronized void accept() {
        if (server != null) {
            return;
        }
        try {
            if (tls == null) {
                server = HttpServer.create(address, 0);
            } else {
                HttpsServer secure = HttpsServer.create(address, 0);
                secure.setHttpsConfigurator(tls);
                server = secure;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on " + address, e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** All calls that have ended, in that order. */
    public List<Call> calls() {
        return List.copyOf(calls);
    }

    /** The calls of this method, or {@link #ANY}, whose path matches this whole pattern. */
    public List<Call> calls(String method, String path) {
        Pattern pattern = Pattern.compile(path);
        return calls.stream()
                .filter(call -> method.equals(ANY) || method.equals(call.method()))
                .filter(call -> pattern.matcher(call.path()).matches())
                .toList();
    }

    /** Counts from nothing again. */
    public void forgetCalls() {
        calls.clear();
    }

    private void handle(HttpExchange exchange) throws IOException {
        Instant begin = Instant.now();
        byte[] body = exchange.getRequestBody().readAllBytes();
        URI uri = exchange.getRequestURI();
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        Passing call = new Passing(
                exchange.getRequestMethod(), uri.getRawPath(), query, new String(body, StandardCharsets.UTF_8));
        boolean forwarded = false;
        boolean noted = false;
        try (exchange) {
            if (!ended(call, ProxyRule.Way.THERE, exchange)) {
                forwarded = true;
                HttpResponse<byte[]> response = forward(exchange, body);
                if (!ended(call, ProxyRule.Way.BACK, exchange)) {
                    response.headers().map().forEach((name, values) -> {
                        if (!OF_ONE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                            exchange.getResponseHeaders().put(name, values);
                        }
                    });
                    // Before the caller has the answer and may look.
                    calls.add(new Call(begin, call.method(), call.path(), query, true, response.statusCode()));
                    noted = true;
                    give(exchange, response.statusCode(), response.body());
                }
            }
        } finally {
            if (!noted) {
                int status = Math.max(0, exchange.getResponseCode());
                calls.add(new Call(begin, call.method(), call.path(), query, forwarded, status));
            }
        }
    }

    private boolean ended(Passing call, ProxyRule.Way way, HttpExchange exchange) throws IOException {
        for (ProxyRule rule : rules) {
            if (rule.ends(call, way, exchange)) {
                return true;
            }
        }
        return false;
    }

    private HttpResponse<byte[]> forward(HttpExchange exchange, byte[] body) throws IOException {
        URI uri = exchange.getRequestURI();
        String rest = uri.getRawQuery() == null ? uri.getRawPath() : uri.getRawPath() + "?" + uri.getRawQuery();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(target + rest))
                .method(
                        exchange.getRequestMethod(),
                        body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!OF_ONE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        request.setHeader("X-Forwarded-Host", "127.0.0.1:" + address.getPort());
        request.setHeader("X-Forwarded-Proto", scheme());
        try {
            return client.send(request.build(), BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    static void give(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        refuse();
        threads.shutdownNow();
        client.shutdownNow();
    }
}
