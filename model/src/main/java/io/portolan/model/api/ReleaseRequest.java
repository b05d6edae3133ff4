package io.portolan.model.api;

import io.portolan.model.PortId;
import java.util.List;

/** {@code POST /v1/nodes/{node}/releases}: unused ports go back from the node's cache; at most 1,024 a call. */
public record ReleaseRequest(long epoch, List<PortId> ports) {
    public ReleaseRequest {
        ports = List.copyOf(ports);
    }
}
