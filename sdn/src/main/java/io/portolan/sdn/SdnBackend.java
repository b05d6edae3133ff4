package io.portolan.sdn;

import java.util.Optional;

/** One cluster's network. Safe for use by many threads; closing it lets go of its connections and changes nothing. */
public interface SdnBackend extends AutoCloseable {
    SdnTopology topology();

    SdnPorts ports();

    /**
     * How this network takes ports into VMs, by what it is capable of; empty where pods' ports are not nested. The answer
     * for a cluster is asked once and kept, because its ports cannot change it.
     */
    Optional<PortSpec.Nesting.Way> nesting();

    /** Throws {@link SdnFailure} where the network cannot be reached or does not let us in. */
    void check();

    @Override
    void close();
}
