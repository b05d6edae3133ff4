package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The life of a port. Every transition is one SQL statement that names the state it comes from. */
public enum PortState {
    /** In the ledger only. */
    PLANNED,
    /** Being made in the network. */
    PROVISIONING,
    /** Made; nobody's. */
    FREE,
    /** In a node's cache. */
    LEASED,
    /** A pod has it. */
    BOUND,
    /** A pod had it a moment ago; not yet to be used again. Still in the node's cache, unless that gave it back. */
    COOLING,
    /** Being taken out of the network; its row goes when the network has confirmed it. */
    DRAINING,
    /** The network refused it; the reason is with it. */
    FAILED;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static PortState parse(String text) {
        for (PortState state : values()) {
            if (state.text().equals(text)) {
                return state;
            }
        }
        throw Malformed.text(
                "a port's state",
                text,
                "use one of planned, provisioning, free, leased, bound, cooling, draining, failed");
    }

    /** As the ledger and the API write it. */
    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
