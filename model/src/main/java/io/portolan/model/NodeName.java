package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** A node's name as Kubernetes has it: an RFC 1123 subdomain. */
public record NodeName(@JsonValue String value) {
    private static final String LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public NodeName {
        if (value.length() > 253 || !value.matches(LABEL + "(\\." + LABEL + ")*")) {
            throw Malformed.text(
                    "a node's name", value, "use at most 253 of a-z, 0-9, - and . (an RFC 1123 subdomain)");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
