package io.portolan.model.api;

import io.portolan.model.PortId;
import java.util.List;

/** Which of the ports named in the request are as asked now. */
public record PortsChanged(List<PortId> ports) {
    public PortsChanged {
        ports = List.copyOf(ports);
    }
}
