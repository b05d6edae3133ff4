package io.portolan.ovsdb;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link OvsdbClient} connects to, and how patient it is.
 *
 * @param endpoints tried in this order, round and round
 * @param leaderOnly of a RAFT cluster use only the leader; needed for locks, which are kept by each server alone
 * @param tls for {@code ssl:} endpoints, asked for each connection; the server's certificate must be trusted by it and name the endpoint's host
 * @param callTimeout of a call that names no timeout of its own
 * @param connectTimeout of the connection and of each question that is asked before the connection is used
 * @param probeInterval silence after which an echo is sent
 * @param probePatience further silence after which the peer is taken for dead
 * @param backoffMin pause before the first reconnect; doubled with each vain round over the endpoints, and jittered
 */
public record OvsdbOptions(
        List<OvsdbEndpoint> endpoints,
        String database,
        boolean leaderOnly,
        @Nullable Supplier<SSLContext> tls,
        Duration callTimeout,
        Duration connectTimeout,
        Duration probeInterval,
        Duration probePatience,
        Duration backoffMin,
        Duration backoffMax) {

    public OvsdbOptions {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("an OVSDB client needs at least one endpoint");
        }
        if (database.isBlank()) {
            throw new IllegalArgumentException("an OVSDB client needs the name of a database");
        }
        if (tls == null && endpoints.stream().anyMatch(OvsdbEndpoint.Ssl.class::isInstance)) {
            throw new IllegalArgumentException("an ssl: endpoint needs an SSLContext");
        }
        for (Duration time :
                List.of(callTimeout, connectTimeout, probeInterval, probePatience, backoffMin, backoffMax)) {
            if (!time.isPositive()) {
                throw new IllegalArgumentException("a time limit must be positive, not " + time);
            }
        }
    }

    public static OvsdbOptions of(List<OvsdbEndpoint> endpoints, String database, @Nullable Supplier<SSLContext> tls) {
        return new OvsdbOptions(
                endpoints,
                database,
                false,
                tls,
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(15),
                Duration.ofMillis(100),
                Duration.ofSeconds(4));
    }

    /** Endpoints as {@link OvsdbEndpoint#parseList} reads them. */
    public static OvsdbOptions of(String endpoints, String database, Supplier<SSLContext> tls) {
        return of(OvsdbEndpoint.parseList(endpoints), database, tls);
    }

    /** Endpoints as {@link OvsdbEndpoint#parseList} reads them, none of them {@code ssl:}. */
    public static OvsdbOptions of(String endpoints, String database) {
        return of(OvsdbEndpoint.parseList(endpoints), database, null);
    }

    public OvsdbOptions withLeaderOnly() {
        return new OvsdbOptions(
                endpoints,
                database,
                true,
                tls,
                callTimeout,
                connectTimeout,
                probeInterval,
                probePatience,
                backoffMin,
                backoffMax);
    }

    public OvsdbOptions withTimeouts(Duration call, Duration connect) {
        return new OvsdbOptions(
                endpoints,
                database,
                leaderOnly,
                tls,
                call,
                connect,
                probeInterval,
                probePatience,
                backoffMin,
                backoffMax);
    }

    public OvsdbOptions withProbe(Duration interval, Duration patience) {
        return new OvsdbOptions(
                endpoints,
                database,
                leaderOnly,
                tls,
                callTimeout,
                connectTimeout,
                interval,
                patience,
                backoffMin,
                backoffMax);
    }

    public OvsdbOptions withBackoff(Duration min, Duration max) {
        return new OvsdbOptions(
                endpoints,
                database,
                leaderOnly,
                tls,
                callTimeout,
                connectTimeout,
                probeInterval,
                probePatience,
                min,
                max);
    }
}
