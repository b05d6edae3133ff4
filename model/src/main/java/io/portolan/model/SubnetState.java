package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The life of a node's subnet. The first one, without which a node is none, is always live. */
public enum SubnetState {
    /** Its ports are leased. */
    LIVE,
    /** The node could do without it and is asked to: none of its ports is leased while there is another. */
    OFFERED,
    /** The node has given all of it back: its ports go, then it does. */
    DRAINING;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static SubnetState parse(String text) {
        for (SubnetState state : values()) {
            if (state.text().equals(text)) {
                return state;
            }
        }
        throw Malformed.text("a subnet's state", text, "use one of live, offered, draining");
    }

    /** As the ledger and the API write it. */
    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
