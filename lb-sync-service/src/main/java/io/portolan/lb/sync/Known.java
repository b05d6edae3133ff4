package io.portolan.lb.sync;

import io.portolan.model.IpAddress;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this replica knows of a balancer.
 *
 * @param fingerprint of what the ledger says it should be
 * @param taken places that another balancer has
 * @param settled what the network has made; null where that is not known
 * @param right whether the network had it so, before an audit said otherwise
 * @param outside the address for the outside that the network has given to it
 */
record Known(
        String fingerprint,
        Set<Frontend> taken,
        @Nullable LoadBalancerSpec settled,
        boolean right,
        @Nullable IpAddress outside) {
    static final Known NOTHING = new Known("", Set.of(), null, false, null);
}
