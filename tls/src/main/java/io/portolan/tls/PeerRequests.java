package io.portolan.tls;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.JdkClientHttpRequestFactory;

/**
 * Requests to other parts of Portolan. Which servers are believed and what they are shown is the SSL bundle's {@code
 * portolan}, where there is one; elsewhere servers are believed by the JVM's authorities. A renewed bundle has connections of
 * its own, so that neither a connection nor a session of before serves a later request, and the client of before ends with its
 * last answer; one that cannot be used changes nothing.
 */
public final class PeerRequests implements ClientHttpRequestFactory, AutoCloseable {
    private static final String BUNDLE = "portolan";

    private final Duration connectTimeout;
    private final Duration timeout;
    private volatile HttpClient connections;

    /** @param timeout from a request's sending to its answer */
    public PeerRequests(SslBundles bundles, Duration connectTimeout, Duration timeout) {
        this.connectTimeout = connectTimeout;
        this.timeout = timeout;
        if (bundles.getBundleNames().contains(BUNDLE)) {
            connections = connections(bundles.getBundle(BUNDLE));
            bundles.addBundleUpdateHandler(BUNDLE, renewed -> connections = connections(renewed));
        } else {
            connections = connections(null);
        }
    }

    private HttpClient connections(@Nullable SslBundle bundle) {
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(connectTimeout);
        if (bundle != null) {
            builder.sslContext(bundle.createSslContext())
                    .sslParameters(new SSLParameters(
                            bundle.getOptions().getCiphers(),
                            bundle.getOptions().getEnabledProtocols()));
        }
        return builder.build();
    }

    @Override
    public ClientHttpRequest createRequest(URI uri, HttpMethod method) throws IOException {
        JdkClientHttpRequestFactory requests = new JdkClientHttpRequestFactory(connections);
        requests.setReadTimeout(timeout);
        return requests.createRequest(uri, method);
    }

    /** What is under way ends without an answer. */
    @Override
    public void close() {
        connections.shutdownNow();
    }
}
