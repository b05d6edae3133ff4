package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** A security profile. One that is adopted in a cloud has an id of its own besides the security group's. */
public record ProfileId(@JsonValue UUID value) implements Comparable<ProfileId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static ProfileId parse(String text) {
        return new ProfileId(Uuids.parse(text));
    }

    @Override
    public int compareTo(ProfileId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
