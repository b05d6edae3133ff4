package io.portolan.model.api;

import io.portolan.model.PortId;
import java.util.List;

/** {@code POST /v1/nodes/{node}/removals}: these draining ports are gone from the network, confirmed. */
public record RemovalRequest(List<PortId> ports) {
    public RemovalRequest {
        ports = List.copyOf(ports);
    }
}
