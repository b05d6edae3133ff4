package io.portolan.topology.audit;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Seen at one look.
 *
 * @param subject the port, or the node where it is about no port
 */
record Disagreement(
        Kind kind,
        UUID subject,
        @Nullable UUID node,
        @Nullable UUID port,
        @Nullable String ip,
        Says says) {}
