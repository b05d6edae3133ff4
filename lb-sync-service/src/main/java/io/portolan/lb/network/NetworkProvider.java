package io.portolan.lb.network;

import io.portolan.lb.cluster.Cluster;
import io.portolan.sdn.SdnBackend;

/** Opens networks of one kind; a bean of this type is all that a new kind needs. */
public interface NetworkProvider {
    boolean understands(Cluster.Target target);

    /** May block and throw as a call to the network does. */
    SdnBackend open(Cluster.Target target);
}
