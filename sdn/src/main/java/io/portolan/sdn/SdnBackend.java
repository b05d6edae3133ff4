package io.portolan.sdn;

/** One cluster's network. Safe for use by many threads; closing it lets go of its connections and changes nothing. */
public interface SdnBackend extends AutoCloseable {
    SdnTopology topology();

    SdnPorts ports();

    /** Throws {@link SdnFailure} where the network cannot be reached or does not let us in. */
    void check();

    @Override
    void close();
}
