package io.portolan.topology.network;

import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import java.util.Optional;

/** Opens networks of one kind; a bean of this type is all that a new kind needs. */
public interface SdnBackendProvider {
    /** Such as {@code ovn}: a cluster stays with its kind for life. */
    String kind();

    Mode mode();

    /** Whether these endpoints are this kind's to understand. */
    boolean understands(String endpoints);

    /** Throws {@link io.portolan.kit.problem.Invalid} for {@code backend.endpoints} where they are malformed. */
    void check(String endpoints);

    /**
     * What is loaded by calls to these endpoints together with other clusters': the cloud's API. Absent where a network bears
     * bulks of a thousand ports.
     */
    default Optional<String> cloud(String endpoints) {
        return Optional.empty();
    }

    /** The name of the breaker's, the retry's, the bulkhead's and the time limit's settings. */
    default String resilience() {
        return "sdn";
    }

    /** May block and throw as a call to the network does. */
    SdnBackend open(BackendTarget target);
}
