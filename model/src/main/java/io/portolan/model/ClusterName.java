package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** A cluster's name, unique in one control plane: an RFC 1123 label. */
public record ClusterName(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public ClusterName {
        if (!value.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
            throw Malformed.text("a cluster's name", value, "use at most 63 of a-z, 0-9 and - (an RFC 1123 label)");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
