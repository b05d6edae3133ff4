package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** A cluster for all its life; also its UID, the mark on every object that is made for it in a network. */
public record ClusterId(@JsonValue UUID value) implements Comparable<ClusterId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static ClusterId parse(String text) {
        return new ClusterId(Uuids.parse(text));
    }

    public static ClusterId random() {
        return new ClusterId(UUID.randomUUID());
    }

    @Override
    public int compareTo(ClusterId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
