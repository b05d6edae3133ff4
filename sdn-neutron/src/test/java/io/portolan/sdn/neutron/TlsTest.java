package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.model.ClusterId;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure;
import io.portolan.testbed.FaultyProxy;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Keystone behind TLS, with a certificate that the JVM knows nothing of. */
class TlsTest {
    private static final char[] STORE = "changeit".toCharArray();

    @TempDir
    static Path keys;

    @TempDir
    Path secret;

    private static NeutronDouble cloud;
    private static FaultyProxy proxy;
    private static String certificate;
    private final NeutronBackends backends = new NeutronBackends();

    @BeforeAll
    static void start() throws IOException, InterruptedException, GeneralSecurityException {
        Path store = keys.resolve("keystone.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "a",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=cloud",
                        "-validity",
                        "2",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(STORE))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore loaded = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, STORE);
        }
        Certificate own = loaded.getCertificate("a");
        certificate = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                .formatted(Base64.getMimeEncoder().encodeToString(own.getEncoded()));
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(loaded, STORE);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        cloud = NeutronDouble.start();
        proxy = FaultyProxy.to(URI.create("http://" + cloud.authUrl().getAuthority()), context);
        cloud.publishRegion("Secure", proxy.url(cloud.networkUrl().getPath()));
    }

    @AfterAll
    static void stop() {
        proxy.close();
        cloud.close();
    }

    @AfterEach
    void close() {
        backends.close();
    }

    private SdnBackend backend(String more) throws IOException {
        Tenant tenant = cloud.tenant("secure");
        Files.writeString(
                secret.resolve("clouds.yaml"),
                tenant.login().by(proxy.url("/v3")).inRegion("Secure").cloudsYaml("openstack") + more);
        return backends.backend(
                ClusterId.random(), new NeutronTarget(proxy.url("/v3").toString(), secret), null);
    }

    @Test
    void aServerThatNobodyVouchesForIsNotTalkedTo() throws IOException {
        try (SdnBackend sdn = backend("")) {
            assertThatThrownBy(sdn::check)
                    .isInstanceOf(SdnFailure.Unavailable.class)
                    .hasMessageContaining("SSLHandshakeException");
        }
    }

    @Test
    void theSecretsOwnBundleVouches() throws IOException {
        try (SdnBackend sdn = backend("")) {
            Files.writeString(secret.resolve("cacert"), certificate);
            sdn.check();
        }
    }

    @Test
    void aBundleThatTheFileNamesVouches() throws IOException {
        Files.writeString(secret.resolve("bundle.pem"), certificate);
        try (SdnBackend sdn = backend("    cacert: bundle.pem\n")) {
            sdn.check();
        }
    }

    @Test
    void whoDoesNotWantToKnowIsNotAsked() throws IOException {
        try (SdnBackend sdn = backend("    verify: false\n")) {
            sdn.check();
        }
    }

    @Test
    void aBundleThatIsNoneIsSaidToBe() throws IOException {
        Files.writeString(secret.resolve("cacert"), "nonsense");
        try (SdnBackend sdn = backend("")) {
            assertThatThrownBy(sdn::check)
                    .isInstanceOf(SdnFailure.Refused.class)
                    .hasMessageContaining("cacert");
        }
    }
}
