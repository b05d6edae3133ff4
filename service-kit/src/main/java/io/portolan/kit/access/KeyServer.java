package io.portolan.kit.access;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.SecurityContext;
import io.portolan.model.identity.TokenFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keys that a server has, found by OIDC discovery where it is not said where they are. They are asked for when a token comes
 * whose key is not known, though not more often than a stranger's tokens may make us ask; and again after a while, so that a
 * key that is taken away there counts no more here. While the server is away, those that it had count on: pods start without
 * it.
 */
final class KeyServer implements JWKSetSource<SecurityContext> {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration ASK_AGAIN = Duration.ofSeconds(10);
    private static final Duration OUTAGE = Duration.ofHours(12);
    private static final int MOST = 1 << 20;
    private static final JsonMapper JSON = JsonMapper.shared();

    private final AccessProperties.Issuer issuer;

    private KeyServer(AccessProperties.Issuer issuer) {
        this.issuer = issuer;
    }

    /** Asks nobody yet: the server may come later than we. */
    static JWKSource<SecurityContext> of(AccessProperties.Issuer issuer) {
        checked(issuer.jwks() != null ? issuer.jwks() : discovery(issuer));
        JWKSource<SecurityContext> keys = JWKSourceBuilder.create(new KeyServer(issuer))
                .cache(FRESH.toMillis(), 3 * PATIENCE.toMillis())
                .refreshAheadCache(false)
                .rateLimited(ASK_AGAIN.toMillis())
                .outageTolerant(OUTAGE.toMillis())
                .build();
        return (wanted, context) -> {
            try {
                return keys.get(wanted, context);
            } catch (RateLimitReachedException tooOften) {
                return List.of();
            }
        };
    }

    private static URI discovery(AccessProperties.Issuer issuer) {
        return issuer.discovery() == null ? URI.create(issuer.issuer()) : issuer.discovery();
    }

    private static URI checked(URI uri) {
        boolean here = "http".equals(uri.getScheme())
                && List.of("127.0.0.1", "localhost", "[::1]").contains(String.valueOf(uri.getHost()));
        if (!"https".equals(uri.getScheme()) && !here) {
            throw new AccessMisconfigured(
                    "keys are not to be had safely from " + uri,
                    "Give jwks as https: or file:, or discovery as https:.");
        }
        return uri;
    }

    @Override
    public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator refresh, long now, @Nullable SecurityContext context)
            throws KeySourceException {
        try (HttpClient http = client()) {
            URI keys = issuer.jwks();
            return JWKSet.parse(get(http, keys == null ? discovered(http) : keys));
        } catch (IOException | GeneralSecurityException | ParseException | JacksonException e) {
            throw new JWKSetUnavailableException("no keys can be had of " + issuer.issuer() + ": " + e, e);
        }
    }

    private URI discovered(HttpClient http) throws IOException {
        String base = discovery(issuer).toString().replaceFirst("/+$", "");
        Map<?, ?> document =
                JSON.readValue(get(http, URI.create(base + "/.well-known/openid-configuration")), Map.class);
        if (!issuer.issuer().equals(document.get("issuer"))) {
            throw new IOException(base + " is the issuer " + document.get("issuer"));
        }
        try {
            return checked(URI.create(String.valueOf(document.get("jwks_uri"))));
        } catch (AccessMisconfigured | IllegalArgumentException e) {
            throw new IOException(base + " names no place of its keys that can be trusted", e);
        }
    }

    private String get(HttpClient http, URI uri) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
        Optional<Path> token = Optional.ofNullable(issuer.tokenFile());
        if (token.isPresent()) {
            request.header("Authorization", new TokenFile(token.get()).authorization());
        }
        try {
            HttpResponse<String> answer = http.send(
                    request.build(), HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofString(), MOST));
            if (answer.statusCode() != 200) {
                throw new IOException(uri + " answers " + answer.statusCode());
            }
            return answer.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** A new one each time, which is seldom: certificate authorities are renewed, too. */
    private HttpClient client() throws IOException, GeneralSecurityException {
        HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(PATIENCE);
        Path authority = issuer.certificateAuthority();
        if (authority != null) {
            client.sslContext(trusting(authority));
        }
        return client.build();
    }

    private static SSLContext trusting(Path authority) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream pem = Files.newInputStream(authority)) {
            int number = 0;
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                trusted.setCertificateEntry("authority-" + number++, certificate);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Each look has its own client. */
    @Override
    public void close() {}
}
