package io.portolan.security.network;

import io.portolan.sdn.SdnBackend;
import io.portolan.security.cluster.Cluster;

/** Opens networks of one kind; a bean of this type is all that a new kind needs. */
public interface NetworkProvider {
    boolean understands(Cluster.Target target);

    /** The name of the breaker's, the retry's, the bulkhead's and the time limit's settings. */
    default String resilience() {
        return "sdn";
    }

    /** May block and throw as a call to the network does. */
    SdnBackend open(Cluster.Target target);
}
