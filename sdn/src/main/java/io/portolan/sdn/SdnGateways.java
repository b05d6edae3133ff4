package io.portolan.sdn;

import io.portolan.model.IpAddress;
import java.util.List;

/** The way between a cluster's router and the outside. */
public interface SdnGateways {
    /**
     * Makes the gateway, or mends what differs. Load balancers for the outside are served there.
     *
     * @return the router's addresses outside
     * @throws SdnFailure.Refused {@code NOT_SUPPORTED} where the network has no such gateway, {@code CONFLICT} where
     *     something that is not ours is in its place, {@code EXTERNAL_NETWORK_UNKNOWN} where the router has no way
     *     outside and it is not for us to make one
     */
    List<IpAddress> ensureGateway(GatewaySpec spec);

    /** Whether there is a gateway, or part of one, with the cluster's mark. */
    boolean hasGateway();

    /** Deletes all of it that bears the cluster's mark, floating addresses included; nothing where there is none. */
    void deleteGateway();
}
