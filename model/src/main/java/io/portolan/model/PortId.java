package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** A port; its name in the ledger, in the network and in the node cache. */
public record PortId(@JsonValue UUID value) implements Comparable<PortId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static PortId parse(String text) {
        return new PortId(Uuids.parse(text));
    }

    public static PortId random() {
        return new PortId(UUID.randomUUID());
    }

    @Override
    public int compareTo(PortId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
