package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened to a port on its node.
 *
 * @param id the report's own key: reporting it again changes nothing
 * @param kind what happened
 * @param sandbox the container id
 * @param networkInterface the interface's name in the pod, such as {@code eth0}
 * @param at when, by the node's clock; the ledger caps it at its own now
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PortReport(
        UUID id,
        PortId port,
        Kind kind,
        String sandbox,
        String networkInterface,
        @Nullable PodRef pod,
        Instant at) {
    /** What an agent reports. */
    public enum Kind {
        /** A pod has the port. */
        BOUND,
        /** The pod let go of it; it is cooling. */
        RELEASED,
        /** It has cooled and rests in the node's cache. */
        RESTED
    }
}
