package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** An IEEE 802.1Q tag of a nested port, unique under its parent port. */
public record VlanTag(@JsonValue int id) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public VlanTag {
        if (id < 1 || id > 4094) {
            throw new Malformed("a VLAN tag is between 1 and 4094, not " + id);
        }
    }
}
