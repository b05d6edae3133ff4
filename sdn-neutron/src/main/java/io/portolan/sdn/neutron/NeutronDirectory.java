package io.portolan.sdn.neutron;

import static java.util.stream.Collectors.toSet;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.Malformed;
import io.portolan.sdn.SdnDirectory;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.neutron.Found.FixedIp;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Network;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Ports on the networks behind a router that are no pods'. Networks that we made hold pods' ports and balancers' addresses
 * only, and are not read: a list of all pods' ports costs Neutron seconds.
 */
record NeutronDirectory(NeutronApi api, Mark mark) implements SdnDirectory {
    @Override
    public List<Neighbour> neighbours(String routerId) {
        List<Subnet> subnets = subnets(routerId);
        Set<String> here = subnets.stream().map(Subnet::id).collect(toSet());
        Set<String> networks = subnets.stream().map(Subnet::networkId).collect(toSet());
        List<String> others = api.list(Kind.NETWORK, "id", networks).stream()
                .filter(network -> !isOurs(network))
                .map(Network::id)
                .toList();
        List<Neighbour> neighbours = new ArrayList<>();
        for (Port port : api.list(Kind.PORT, "network_id", others)) {
            boolean pods = mark.read(port, Mark.Kind.PORT).isPresent();
            if (!pods && !port.isOnRouter() && !port.isNetworksOwn()) {
                port.fixedIps().stream()
                        .filter(fixed -> here.contains(fixed.subnetId()))
                        .forEach(fixed -> neighbour(port, fixed).ifPresent(neighbours::add));
            }
        }
        return List.copyOf(neighbours);
    }

    private boolean isOurs(Network network) {
        return mark.read(network).isPresent();
    }

    private static Optional<Neighbour> neighbour(Port port, FixedIp fixed) {
        try {
            return Optional.of(new Neighbour(
                    IpAddress.parse(fixed.ipAddress()),
                    MacAddress.parse(port.macAddress()),
                    port.id(),
                    port.networkId(),
                    fixed.subnetId()));
        } catch (Malformed e) {
            return Optional.empty();
        }
    }

    /** Those that the router has an address in, but for its external one. */
    List<Subnet> subnets(String router) {
        if (api.find(Kind.ROUTER, router).isEmpty()) {
            throw new Refused(Reason.NOT_FOUND, "there is no router %s in sight of the project".formatted(router));
        }
        Set<String> ids = api.list(Kind.PORT, Query.by("device_id", router)).stream()
                .filter(port -> port.isOnRouter() && !"network:router_gateway".equals(port.deviceOwner()))
                .flatMap(port -> port.fixedIps().stream())
                .map(FixedIp::subnetId)
                .collect(toSet());
        return api.list(Kind.SUBNET, "id", ids);
    }
}
