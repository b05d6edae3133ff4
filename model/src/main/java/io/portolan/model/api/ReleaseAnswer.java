package io.portolan.model.api;

import io.portolan.model.PortId;
import java.util.List;

/** @param released those that the node no longer holds, whether by this call or by an earlier one; the others it keeps */
public record ReleaseAnswer(List<PortId> released) {
    public ReleaseAnswer {
        released = List.copyOf(released);
    }
}
