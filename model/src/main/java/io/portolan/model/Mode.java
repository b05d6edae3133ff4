package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where the pods of a cluster sit; {@code docs/modes.md} explains. */
public enum Mode {
    /** On virtual networks of the cluster's own OVN. */
    @JsonProperty("overlay")
    OVERLAY,
    /** On the same logical layer as the VMs that host them, in the cloud's network. */
    @JsonProperty("underlay")
    UNDERLAY
}
