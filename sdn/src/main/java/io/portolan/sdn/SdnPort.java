package io.portolan.sdn;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A port as the network has it.
 *
 * @param backendId its id there: the {@code iface-id} that binds it
 * @param fault why it must not be handed out, in the network's words; absent where it may
 */
public record SdnPort(
        PortId id,
        String backendId,
        MacAddress mac,
        List<IpAddress> addresses,
        @Nullable String fault) {
    public SdnPort {
        addresses = List.copyOf(addresses);
    }
}
