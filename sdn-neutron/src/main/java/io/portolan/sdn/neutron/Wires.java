package io.portolan.sdn.neutron;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.openstack4j.core.transport.Config;

/** HTTP clients: one for all clouds whose servers are trusted in the same way. */
final class Wires implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(5);

    private final NeutronCalls calls;
    private final Duration patience;
    private final Map<Trust, HttpClient> clients = new HashMap<>();

    Wires(NeutronCalls calls, Duration patience) {
        this.calls = calls;
        this.patience = patience;
    }

    Config config(NeutronTarget target, Trust trust) {
        return Config.newConfig().withEndpointURLResolver(new Wire(target.authUrl(), client(trust), patience, calls));
    }

    private synchronized HttpClient client(Trust trust) {
        return clients.computeIfAbsent(trust, Wires::connect);
    }

    private static HttpClient connect(Trust trust) {
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT);
        SSLContext context = trust.context();
        return context == null ? builder.build() : builder.sslContext(context).build();
    }

    @Override
    public synchronized void close() {
        clients.values().forEach(HttpClient::shutdownNow);
        clients.clear();
    }
}
