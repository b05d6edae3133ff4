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
 * @param nesting where the port is inside a VM; absent where {@link SdnBackend#nesting()} is
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

    /**
     * @param parentPort the id of the VM's own port in the network
     * @param tag unique under that port
     */
    public record Nesting(String parentPort, VlanTag tag, Way way) {
        /** How a cloud takes a port into a VM. */
        public enum Way {
            /** As a sub-port of the trunk of the VM's port: any tenant may, and the cloud keeps tags unique. */
            TRUNK,
            /** By {@code binding:profile} with {@code parent_name} and {@code tag}: where the cloud's policy allows it. */
            BINDING_PROFILE
        }
    }
}
