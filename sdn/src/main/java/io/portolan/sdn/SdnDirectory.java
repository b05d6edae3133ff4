package io.portolan.sdn;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who else is behind a router: VMs, machines, and whatever others plugged there. */
public interface SdnDirectory {
    /**
     * An address behind the router that is no pod's port of ours.
     *
     * @param portId the port's id in the network
     * @param network the id of the network or switch that the port is on
     * @param subnet the id of the address's subnet; null where the network has none
     */
    record Neighbour(
            IpAddress address,
            @Nullable MacAddress mac,
            String portId,
            String network,
            @Nullable String subnet) {}

    /** Reads all of them at once; ports without a fixed address are left out. */
    List<Neighbour> neighbours(String routerId);
}
