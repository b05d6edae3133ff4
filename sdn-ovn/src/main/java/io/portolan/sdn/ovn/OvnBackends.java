package io.portolan.sdn.ovn;

import io.portolan.model.ClusterId;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.sdn.SdnBackend;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Backends of clusters in overlay mode. Clusters on the same database share one connection, which ends with the last of
 * them.
 *
 * <p>Of a RAFT cluster only the leader is used: a follower may answer a read with what was true a moment ago.
 */
public final class OvnBackends implements AutoCloseable {
    private record Place(
            String database,
            List<OvsdbEndpoint> endpoints,
            @Nullable Supplier<SSLContext> tls) {
        @Override
        public String toString() {
            return endpoints.stream().map(Object::toString).collect(Collectors.joining(","));
        }
    }

    private static final class Shared {
        private final OvsdbClient client;
        private final Northbound northbound;
        private int users;

        private Shared(OvsdbClient client, Northbound northbound) {
            this.client = client;
            this.northbound = northbound;
        }
    }

    private static final Duration CONNECT = Duration.ofSeconds(5);

    private final Duration patience;
    private final Map<Place, Shared> shared = new HashMap<>();

    /** @param patience how long a call waits for a connection and its answer before it is {@code Unavailable} */
    public OvnBackends(Duration patience) {
        this.patience = patience;
    }

    /**
     * The backend of one cluster; it connects in the background. The caller closes it.
     *
     * @param endpoints {@code unix:/path}, {@code tcp:host:port} or {@code ssl:host:port}; several, with commas between,
     *     are the members of one RAFT cluster
     * @param tls for {@code ssl:} endpoints, asked for each connection; equal ones share it
     * @throws IllegalArgumentException where the endpoints are no such list, or need TLS and have none
     */
    public SdnBackend backend(ClusterId cluster, String endpoints, @Nullable Supplier<SSLContext> tls) {
        return backend(cluster, endpoints, null, tls);
    }

    /** @param southbound as {@code endpoints}; without it nobody can say where ports are bound */
    public SdnBackend backend(
            ClusterId cluster, String endpoints, @Nullable String southbound, @Nullable Supplier<SSLContext> tls) {
        Place place = new Place(Northbound.DATABASE, OvsdbEndpoint.parseList(endpoints), tls);
        Place below =
                southbound == null ? null : new Place(OvnBindings.DATABASE, OvsdbEndpoint.parseList(southbound), tls);
        Northbound northbound = enter(place).northbound;
        OvnBindings bindings = below == null ? null : new OvnBindings(enter(below).client, below.toString());
        return new OvnBackend(cluster, northbound, bindings, () -> {
            leave(place);
            if (below != null) {
                leave(below);
            }
        });
    }

    private synchronized Shared enter(Place place) {
        Shared here = shared.computeIfAbsent(place, this::connect);
        here.users++;
        return here;
    }

    private Shared connect(Place place) {
        OvsdbClient client = OvsdbClient.open(OvsdbOptions.of(place.endpoints(), place.database(), place.tls())
                .withLeaderOnly()
                .withTimeouts(patience, CONNECT));
        return new Shared(client, new Northbound(client, place.toString()));
    }

    private synchronized void leave(Place place) {
        Shared here = shared.get(place);
        if (here != null && --here.users == 0) {
            shared.remove(place);
            here.client.close();
        }
    }

    /** How many connections there are. */
    synchronized int connections() {
        return shared.size();
    }

    /** Ends the connections of all backends. */
    @Override
    public synchronized void close() {
        shared.values().forEach(here -> here.client.close());
        shared.clear();
    }
}
