package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** A worker node for all its life; a node that is removed and joins again under its name has a new one. */
public record NodeId(@JsonValue UUID value) implements Comparable<NodeId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static NodeId parse(String text) {
        return new NodeId(Uuids.parse(text));
    }

    public static NodeId random() {
        return new NodeId(UUID.randomUUID());
    }

    @Override
    public int compareTo(NodeId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
