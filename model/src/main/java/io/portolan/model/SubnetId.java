package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** A subnet of a node. */
public record SubnetId(@JsonValue UUID value) implements Comparable<SubnetId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static SubnetId parse(String text) {
        return new SubnetId(Uuids.parse(text));
    }

    public static SubnetId random() {
        return new SubnetId(UUID.randomUUID());
    }

    @Override
    public int compareTo(SubnetId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
