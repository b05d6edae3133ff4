package io.portolan.agent.cache;

import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.ovsdb.OvsdbEndpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the cache is, and whose.
 *
 * @param server the node's {@code ovsdb-server}
 * @param control its control socket; without one it is looked for beside a unix socket's own path
 * @param file the database's file, made when it is not there
 * @param patience how long one change may take, waiting for the server included
 */
public record CacheSettings(
        ClusterName cluster,
        NodeName node,
        OvsdbEndpoint server,
        Optional<Path> control,
        Path file,
        Duration patience) {
    public CacheSettings {
        if (!file.isAbsolute()) {
            throw new IllegalArgumentException("the cache's file needs an absolute path, not '" + file + "'");
        }
        if (!patience.isPositive()) {
            throw new IllegalArgumentException("the cache's patience must be positive");
        }
    }
}
