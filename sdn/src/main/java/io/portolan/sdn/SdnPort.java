package io.portolan.sdn;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.sdn.PortSpec.Nesting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A port as the network has it.
 *
 * @param backendId its id there: the {@code iface-id} that binds it
 * @param ready whether the network carries its traffic; one that does not yet is looked at again
 * @param fault what is wrong with it, in the network's words; such a port is not handed out
 * @param nesting where it is inside a VM now, which may not be where it should be; absent where it is in none
 */
public record SdnPort(
        PortId id,
        String backendId,
        MacAddress mac,
        List<IpAddress> addresses,
        boolean ready,
        @Nullable String fault,
        @Nullable Nesting nesting) {
    public SdnPort {
        addresses = List.copyOf(addresses);
    }

    /** A port that is inside no VM. */
    public SdnPort(
            PortId id,
            String backendId,
            MacAddress mac,
            List<IpAddress> addresses,
            boolean ready,
            @Nullable String fault) {
        this(id, backendId, mac, addresses, ready, fault, null);
    }
}
