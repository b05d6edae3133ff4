package io.portolan.networks;

import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import java.util.Optional;

/** Opens networks of one kind; a bean of this type is all that a new kind needs. */
public interface NetworkKind {
    /** Such as {@code ovn}: a cluster stays with its kind for life. */
    String name();

    Mode mode();

    /** Whether these endpoints are this kind's to understand. */
    boolean understands(String endpoints);

    /**
     * Looks at endpoints that it understands.
     *
     * @throws IllegalArgumentException where they are malformed
     */
    default void check(String endpoints) {}

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

    /** Throws as a call to the network does, and does not wait for it: the first call connects. */
    SdnBackend open(NetworkTarget target);
}
