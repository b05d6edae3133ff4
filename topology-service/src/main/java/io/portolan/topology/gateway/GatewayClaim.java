package io.portolan.topology.gateway;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway should be. In underlay mode {@code snat} alone may be said: the cloud's router has its gateway on the
 * cluster's {@code externalNetwork}.
 *
 * @param physicalNetwork the name in {@code ovn-bridge-mappings} of the chassis
 * @param vlan on which the outside is; untagged without it
 * @param network the block of addresses there
 * @param address the router's own in that block
 * @param nextHop where everything goes that the cluster does not know
 * @param chassis the names of those that can have it, the preferred one first
 * @param nodeClass instead of {@code chassis}: the nodes of that class can have it
 * @param snat whether pods are seen outside by one address; true unless said
 * @param snatAddress that address; the router's own unless said
 * @param noSnatCidrs to and from these, pods have their own addresses all the same
 * @param floatingCidrs addresses for floating ones, all of them usable
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record GatewayClaim(
        @Nullable String physicalNetwork,
        @Nullable Integer vlan,
        @Nullable Cidr network,
        @Nullable IpAddress address,
        @Nullable IpAddress nextHop,
        @Nullable List<String> chassis,
        @Nullable String nodeClass,
        @Nullable Boolean snat,
        @Nullable IpAddress snatAddress,
        @Nullable List<Cidr> noSnatCidrs,
        @Nullable List<Cidr> floatingCidrs) {
    public GatewayClaim {
        chassis = chassis == null ? List.of() : List.copyOf(chassis);
        snat = Objects.requireNonNullElse(snat, true);
        noSnatCidrs = noSnatCidrs == null ? List.of() : List.copyOf(noSnatCidrs);
        floatingCidrs = floatingCidrs == null ? List.of() : List.copyOf(floatingCidrs);
    }

    @Override
    public List<String> chassis() {
        return requireNonNull(chassis);
    }

    @Override
    public Boolean snat() {
        return requireNonNull(snat);
    }

    @Override
    public List<Cidr> noSnatCidrs() {
        return requireNonNull(noSnatCidrs);
    }

    @Override
    public List<Cidr> floatingCidrs() {
        return requireNonNull(floatingCidrs);
    }
}
