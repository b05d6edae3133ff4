package io.portolan.model.api;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.SubnetId;
import io.portolan.model.SubnetState;
import org.jspecify.annotations.Nullable;

/**
 * A subnet of a node.
 *
 * @param ordinal the caller's key for it within the node: 0 is the one made when the node joins
 * @param state live where the answer does not say
 */
public record SubnetView(
        SubnetId id,
        int ordinal,
        Cidr cidr,
        IpAddress gateway,
        MacAddress gatewayMac,
        @Nullable SubnetState state) {
    public SubnetView {
        state = state == null ? SubnetState.LIVE : state;
    }

    public boolean is(SubnetState other) {
        return state == other;
    }
}
