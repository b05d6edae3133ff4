package io.portolan.sdn;

import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Addresses outside, each of which stands for one pod. */
public interface SdnFloatingIps {
    /**
     * A floating address that bears the cluster's mark.
     *
     * @param target the pod's address that it leads to; null where it leads nowhere
     */
    record FloatingIp(
            FloatingIpId id, IpAddress address, @Nullable IpAddress target) {}

    List<FloatingIp> ownFloatingIps();

    /**
     * Makes it lead where it should, or nowhere. When this returns, no connection that begins is led elsewhere.
     *
     * @return the address, which the network chose where the spec has none
     * @throws SdnFailure.Refused {@code NOT_FOUND} where the cluster has no gateway, {@code CONFLICT} where the address is
     *     somebody else's, {@code NO_CAPACITY} or {@code QUOTA_EXCEEDED} where there is none left
     */
    IpAddress ensureFloatingIp(FloatingIpSpec spec);

    /** Nothing where there is none. */
    void deleteFloatingIp(FloatingIpId id);
}
