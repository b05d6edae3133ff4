package io.portolan.sdn;

import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.PortId;
import org.jspecify.annotations.Nullable;

/**
 * What a floating address should be.
 *
 * @param address the one outside; null where the network chooses one, and keeps it
 * @param target whom it stands for; null for nobody
 */
public record FloatingIpSpec(
        FloatingIpId id,
        String routerId,
        @Nullable IpAddress address,
        @Nullable Target target) {
    /**
     * @param address the pod's own
     * @param backendId of its port, as {@link SdnPorts} answered
     */
    public record Target(PortId port, IpAddress address, String backendId) {}
}
