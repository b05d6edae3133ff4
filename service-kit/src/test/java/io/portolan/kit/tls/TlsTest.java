package io.portolan.kit.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.Authority;
import io.portolan.testbed.MountedSecret;
import io.portolan.tls.PeerRequests;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpResponse;

/** The profiles tls and mtls: servers and clients that have nothing but them and the files that they name. */
@ExtendWith(OutputCaptureExtension.class)
class TlsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String HERE = "IP:127.0.0.1";

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({SslAutoConfiguration.class, TomcatServletWebServerAutoConfiguration.class})
    static class Serving {
        @Bean
        ServletRegistrationBean<HttpServlet> greeting() {
            return new ServletRegistrationBean<>(
                    new HttpServlet() {
                        @Override
                        protected void doGet(HttpServletRequest request, HttpServletResponse response)
                                throws IOException {
                            // Each greeting has a handshake of its own.
                            response.setHeader("Connection", "close");
                            response.getWriter().print("hello");
                        }
                    },
                    "/");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(SslAutoConfiguration.class)
    static class Calling {}

    @TempDir
    private Path directory;

    private final List<AutoCloseable> open = new ArrayList<>();
    private Authority authority;
    private MountedSecret secret;
    private int port;

    @BeforeEach
    void haveAnAuthority() throws IOException {
        authority = authority("portolan");
        secret = mounted(authority.secret(HERE));
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }

    private Authority authority(String name) throws IOException {
        return new Authority(Files.createTempDirectory(directory, name), name);
    }

    private MountedSecret mounted(Map<String, String> files) throws IOException {
        return new MountedSecret(Files.createTempDirectory(directory, "secret"), files);
    }

    private static Map<String, String> with(Map<String, String> files, String name, String content) {
        Map<String, String> other = new HashMap<>(files);
        other.put(name, content);
        return other;
    }

    private ConfigurableApplicationContext run(
            Class<?> what, WebApplicationType type, String settings, String profile, MountedSecret secret) {
        ConfigurableApplicationContext context = new SpringApplicationBuilder(what)
                .web(type)
                .registerShutdownHook(false)
                .run(
                        "--spring.config.import=classpath:" + settings,
                        "--spring.profiles.active=" + profile,
                        "--PORTOLAN_TLS=" + secret.directory(),
                        "--spring.ssl.bundle.watch.file.quiet-period=100ms",
                        "--spring.main.banner-mode=off",
                        "--server.address=127.0.0.1",
                        "--server.port=0");
        open.add(context);
        return context;
    }

    private void serve(String profile) {
        port = run(Serving.class, WebApplicationType.SERVLET, "tls-server.yaml", profile, secret)
                .getEnvironment()
                .getRequiredProperty("local.server.port", Integer.class);
    }

    private PeerRequests client(String profile, MountedSecret secret) {
        return client(run(Calling.class, WebApplicationType.NONE, "tls.yaml", profile, secret)
                .getBean(SslBundles.class));
    }

    private PeerRequests client(SslBundles bundles) {
        PeerRequests requests = new PeerRequests(bundles, PATIENCE, PATIENCE);
        open.add(requests);
        return requests;
    }

    private String greeting(PeerRequests client) throws IOException {
        URI uri = URI.create("https://127.0.0.1:" + port + "/");
        try (ClientHttpResponse response =
                client.createRequest(uri, HttpMethod.GET).execute()) {
            return new String(response.getBody().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void refuses(PeerRequests client) {
        assertThatThrownBy(() -> greeting(client)).isInstanceOf(SSLHandshakeException.class);
    }

    /** What the server shows to whoever speaks this protocol and these ciphers; all that the JDK has where there are none. */
    private Certificate shown(String protocol, String... ciphers) throws IOException, GeneralSecurityException {
        try (SSLSocket socket =
                (SSLSocket) authority.client().getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setEnabledProtocols(new String[] {protocol});
            if (ciphers.length > 0) {
                socket.setEnabledCipherSuites(ciphers);
            }
            socket.startHandshake();
            assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            return socket.getSession().getPeerCertificates()[0];
        }
    }

    private static Certificate certificate(Map<String, String> files) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(files.get("tls.crt").getBytes(StandardCharsets.US_ASCII)));
    }

    private static ConditionFactory soon() {
        return await().atMost(LIMIT).pollInterval(Duration.ofMillis(50)).ignoreExceptionsInstanceOf(IOException.class);
    }

    @Test
    void aServerSpeaksTodaysTlsAndNothingElse() throws Exception {
        serve("tls");
        assertThat(shown("TLSv1.3")).isNotNull();
        assertThat(shown("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")).isNotNull();
        assertThatThrownBy(() -> shown("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"))
                .isInstanceOf(SSLHandshakeException.class);
        Process openssl = new ProcessBuilder(
                        "openssl", "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-connect", "127.0.0.1:" + port)
                .redirectErrorStream(true)
                .start();
        openssl.getOutputStream().close();
        assertThat(new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("alert protocol version");
        try (HttpClient plain = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                    .build();
            assertThat(plain.send(request, BodyHandlers.ofString()).statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void aClientBelievesWhomItsAuthorityVouchesForUnderTheNameThatItCalls() throws Exception {
        serve("tls");
        PeerRequests client = client("tls", mounted(authority.secret("DNS:client")));
        assertThat(greeting(client)).isEqualTo("hello");
        refuses(client("tls", mounted(authority("stranger").secret(HERE))));
        refuses(client(new DefaultSslBundleRegistry()));
        secret = mounted(authority.secret("IP:127.0.0.2"));
        serve("tls");
        refuses(client);
    }

    @Test
    void underMtlsNobodyIsServedWhoHasNoCertificateOfTheAuthority() throws Exception {
        serve("mtls");
        Map<String, String> known = authority.secret("DNS:client");
        assertThat(greeting(client("mtls", mounted(known)))).isEqualTo("hello");
        assertThatThrownBy(() -> greeting(client("tls", mounted(known)))).isInstanceOf(IOException.class);
        Map<String, String> strange = with(authority("stranger").secret("DNS:client"), "ca.crt", known.get("ca.crt"));
        assertThatThrownBy(() -> greeting(client("mtls", mounted(strange)))).isInstanceOf(IOException.class);
    }

    @Test
    void whatIsRenewedCountsWithoutARestart() throws Exception {
        serve("mtls");
        MountedSecret own = mounted(authority.secret("DNS:client"));
        PeerRequests client = client("mtls", own);
        assertThat(greeting(client)).isEqualTo("hello");
        for (int i = 0; i < 2; i++) {
            Map<String, String> renewed = authority.secret(HERE);
            secret.replace(renewed);
            soon().until(() -> shown("TLSv1.3").equals(certificate(renewed)));
            assertThat(greeting(client)).isEqualTo("hello");
        }

        PeerRequests left = client("mtls", mounted(authority.secret("DNS:left")));
        assertThat(greeting(left)).isEqualTo("hello");
        Authority successor = authority("successor");
        Map<String, String> renewed = successor.secret(HERE);
        secret.replace(renewed);
        own.replace(successor.secret("DNS:client"));
        soon().untilAsserted(() -> refuses(left));
        soon().until(() -> greeting(client).equals("hello"));
    }

    @Test
    void whatIsBrokenChangesNothing(CapturedOutput output) throws Exception {
        serve("mtls");
        Map<String, String> good = authority.secret("DNS:client");
        MountedSecret own = mounted(good);
        PeerRequests client = client("mtls", own);
        Certificate before = shown("TLSv1.3");
        int complaints = 0;
        for (MountedSecret broken : List.of(secret, own)) {
            for (String file : List.of("tls.crt", "tls.key", "ca.crt")) {
                Map<String, String> others = authority.secret(HERE);
                broken.replace(with(others, file, file.equals("tls.key") ? good.get("tls.key") : "nonsense"));
                complaints++;
                int said = complaints;
                soon().until(() -> output.getOut().split("SSL reload error", -1).length > said);
                assertThat(shown("TLSv1.3")).isEqualTo(before);
                assertThat(greeting(client)).isEqualTo("hello");
            }
        }
        Map<String, String> renewed = authority.secret(HERE);
        secret.replace(renewed);
        soon().until(() -> shown("TLSv1.3").equals(certificate(renewed)));
    }
}
