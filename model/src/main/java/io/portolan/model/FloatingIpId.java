package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** An address outside that stands for one pod. */
public record FloatingIpId(@JsonValue UUID value) implements Comparable<FloatingIpId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static FloatingIpId parse(String text) {
        return new FloatingIpId(Uuids.parse(text));
    }

    public static FloatingIpId random() {
        return new FloatingIpId(UUID.randomUUID());
    }

    @Override
    public int compareTo(FloatingIpId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
