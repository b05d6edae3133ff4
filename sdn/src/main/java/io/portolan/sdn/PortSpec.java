package io.portolan.sdn;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.model.VlanTag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pod's port should be. It may send from and receive for exactly these addresses.
 *
 * @param nesting where the port is inside a VM; overlay mode has none
 */
public record PortSpec(
        PortId id,
        SubnetId subnet,
        MacAddress mac,
        List<IpAddress> addresses,
        @Nullable Nesting nesting) {
    public PortSpec {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("a port has at least one address");
        }
    }

    /** @param parentPort the id of the VM's own port in the network */
    public record Nesting(String parentPort, VlanTag tag) {}
}
