package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.portolan.testbed.FaultyProxy.Call;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Between a client and a small service that remembers what it was asked. */
class FaultyProxyTest {
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private HttpServer service;
    private FaultyProxy proxy;
    private HttpClient client;

    @BeforeEach
    void start() throws IOException {
        service = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        service.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            heard.add("%s %s %s".formatted(exchange.getRequestMethod(), exchange.getRequestURI(), body));
            byte[] answer = ("you said " + body + " by way of "
                            + exchange.getRequestHeaders().getFirst("X-Forwarded-Host"))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("X-Service", "here");
            exchange.sendResponseHeaders(201, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        service.start();
        proxy = FaultyProxy.to(
                URI.create("http://127.0.0.1:" + service.getAddress().getPort()));
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        proxy.close();
        service.stop(0);
    }

    private HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(proxy.url(path))
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void whatIsForwardedArrivesWholeAndIsCounted() throws Exception {
        HttpResponse<String> answer = post("/v2.0/ports?fields=id&name=a%20b", "hello");
        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(answer.body())
                .isEqualTo("you said hello by way of 127.0.0.1:" + proxy.url().getPort());
        assertThat(answer.headers().firstValue("X-Service")).contains("here");
        assertThat(heard).containsExactly("POST /v2.0/ports?fields=id&name=a%20b hello");

        assertThat(proxy.calls("POST", "/v2\\.0/ports")).hasSize(1);
        assertThat(proxy.calls("GET", "/v2\\.0/ports")).isEmpty();
        assertThat(proxy.calls(FaultyProxy.ANY, "/v2\\.0/.*")).isEqualTo(proxy.calls());
        Call call = proxy.calls().getFirst();
        assertThat(call).isEqualTo(new Call(call.at(), "POST", "/v2.0/ports", "fields=id&name=a%20b", true, 201));
        proxy.forgetCalls();
        assertThat(proxy.calls()).isEmpty();
    }

    @Test
    void aRuleAnswersSoManyTimesAfterSoManyCalls() throws Exception {
        ProxyRule rule = proxy.on("POST", "/ports").skip(1).times(2).answer(429, Map.of("Retry-After", "7"));
        assertThat(post("/ports", "1").statusCode()).isEqualTo(201);
        HttpResponse<String> refused = post("/ports", "2");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).contains("7");
        assertThat(post("/networks", "other").statusCode()).isEqualTo(201);
        assertThat(post("/ports", "3").statusCode()).isEqualTo(429);
        assertThat(post("/ports", "4").statusCode()).isEqualTo(201);
        assertThat(rule.hits()).isEqualTo(2);
        assertThat(heard).containsExactly("POST /ports 1", "POST /networks other", "POST /ports 4");
        assertThat(proxy.calls().stream().filter(call -> !call.forwarded()).map(Call::status))
                .containsExactly(429, 429);
    }

    @Test
    void everyStatusCanBeAnswered() throws Exception {
        for (int status : new int[] {401, 409, 500, 503}) {
            ProxyRule rule = proxy.on(FaultyProxy.ANY, "/.*").answer(status);
            assertThat(post("/x", "").statusCode()).isEqualTo(status);
            rule.remove();
        }
        proxy.on("POST", "/.*").answer(503, Map.of(), "{\"mine\":1}");
        assertThat(post("/x", "").body()).isEqualTo("{\"mine\":1}");
        assertThat(heard).isEmpty();
    }

    @Test
    void aCallThatIsDroppedBeforeIsNotDoneAndOneThatIsDroppedAfterIsDone() throws Exception {
        proxy.on("POST", "/before").dropBefore();
        proxy.on("POST", "/after").times(1).dropAfter();
        assertThatThrownBy(() -> post("/before", "1")).isInstanceOf(IOException.class);
        assertThat(heard).isEmpty();
        assertThatThrownBy(() -> post("/after", "2")).isInstanceOf(IOException.class);
        assertThat(heard).containsExactly("POST /after 2");
        assertThat(post("/after", "3").statusCode()).isEqualTo(201);
        assertThat(proxy.calls().stream().map(call -> call.path() + call.forwarded() + call.status()))
                .containsExactly("/beforefalse0", "/aftertrue0", "/aftertrue201");
    }

    @Test
    void aDelayedCallIsDoneLater() throws Exception {
        proxy.on("POST", "/slow").delay(Duration.ofMillis(300));
        long begin = System.nanoTime();
        assertThat(post("/slow", "").statusCode()).isEqualTo(201);
        assertThat(System.nanoTime() - begin)
                .isGreaterThan(Duration.ofMillis(299).toNanos());
    }

    @Test
    void hooksRunBeforeTheServiceHearsAndBeforeTheCallerHears() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        proxy.on("POST", "/hooked").before(call -> seen.add("before " + call.body() + " " + heard.size()));
        proxy.on("POST", "/hooked").after(call -> seen.add("after " + call.body() + " " + heard.size()));
        post("/hooked", "x");
        assertThat(seen).containsExactly("before x 0", "after x 1");
    }

    @Test
    void aProxyThatRefusesComesBackOnItsPort() throws Exception {
        post("/", "");
        proxy.on("POST", "/").answer(500);
        proxy.refuse();
        assertThatThrownBy(() -> post("/", "")).isInstanceOf(ConnectException.class);
        proxy.heal();
        assertThat(post("/", "").statusCode()).isEqualTo(201);
    }

    @Test
    void aServiceThatIsGoneLooksGone() {
        service.stop(0);
        assertThatThrownBy(() -> post("/", "")).isInstanceOf(IOException.class);
        assertThat(proxy.calls().getFirst().status()).isZero();
    }

    @Test
    void aProxySpeaksTlsToItsCallers(@TempDir Path directory) throws Exception {
        Path store = directory.resolve("proxy.p12");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Command.unmarked(
                        keytool,
                        "-genkeypair",
                        "-alias",
                        "proxy",
                        "-dname",
                        "CN=proxy",
                        "-keyalg",
                        "EC",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "changeit")
                .output();
        KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, "changeit".toCharArray());
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
        URI target = URI.create("http://127.0.0.1:" + service.getAddress().getPort());
        try (FaultyProxy secure = FaultyProxy.to(target, tls);
                HttpClient trusting = HttpClient.newBuilder().sslContext(tls).build()) {
            HttpRequest request = HttpRequest.newBuilder(secure.url("/tls")).build();
            assertThat(secure.url().getScheme()).isEqualTo("https");
            assertThat(trusting.send(request, BodyHandlers.ofString()).statusCode())
                    .isEqualTo(201);
            assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
                    .isInstanceOf(SSLHandshakeException.class);
        }
    }

    @Test
    void aCallCostsAFewMilliseconds() throws Exception {
        for (int i = 0; i < 50; i++) {
            post("/warm", "up");
        }
        long begin = System.nanoTime();
        for (int i = 0; i < 50; i++) {
            post("/warm", "up");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    }
}
