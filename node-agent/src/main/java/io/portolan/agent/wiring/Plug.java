package io.portolan.agent.wiring;

import io.portolan.agent.netlink.InterfaceAddress;
import io.portolan.agent.netlink.Route;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.model.VlanTag;
import io.portolan.model.api.PortAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be known of a port to wire it.
 *
 * @param backendId its id in the network; in overlay mode the {@code iface-id} that binds it
 * @param vlanTag in underlay mode what tells its frames from other ports'
 * @param mtu of the pod's interface, in bytes
 */
public record Plug(
        PortId port,
        String backendId,
        MacAddress mac,
        @Nullable VlanTag vlanTag,
        List<PortAddress> addresses,
        int mtu) {
    public Plug {
        if (backendId.isBlank() || addresses.isEmpty()) {
            throw new IllegalArgumentException("port " + port + " has no id in the network, or no address");
        }
        if (mtu < 68 || mtu > 65535) {
            throw new IllegalArgumentException("no interface has an MTU of " + mtu);
        }
        addresses = List.copyOf(addresses);
    }

    List<InterfaceAddress> interfaceAddresses() {
        return addresses.stream()
                .map(address -> new InterfaceAddress(address.address(), address.prefixLength()))
                .toList();
    }

    List<Route> routes() {
        return addresses.stream()
                .map(address -> Route.defaultVia(address.gateway()))
                .toList();
    }
}
