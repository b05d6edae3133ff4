package io.portolan.sdn.neutron;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.LoadBalancer;
import io.portolan.sdn.neutron.Found.Network;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The network that Services' addresses are on, with one subnet behind the cluster's router: an address that is balanced has
 * a port there.
 *
 * <p>The router needs an address in that subnet, and it must be none that Kubernetes gives to a Service, ever. Kubernetes
 * never gives the first and the last address of the service CIDR, and Neutron takes just these for no port; in a subnet that
 * is one bit shorter one of the two is an address like any other. It becomes the router's. So the subnet has room for twice
 * the service CIDR, of which the other half must be nobody's behind the router.
 */
record ServicesNetwork(NeutronApi api, Mark mark) {
    private static final int LONGEST = 30;
    private static final Duration SOON = Duration.ofSeconds(1);

    /** @param router that it is behind; empty where somebody has taken it off */
    record Place(String network, String subnet, Cidr cidr, Optional<String> router) {}

    /** The subnet for Services of this block, and the router's address there. */
    record Layout(Cidr subnet, IpAddress gateway) {
        static Layout of(Cidr services) {
            if (services.prefixLength() < 1 || services.prefixLength() > LONGEST) {
                throw new Refused(
                        Reason.NOT_SUPPORTED,
                        "Services in %s: balancers need a service CIDR from /1 to /%d".formatted(services, LONGEST));
            }
            Cidr subnet = Cidr.around(services.network(), services.prefixLength() - 1);
            boolean lower = subnet.network().equals(services.network());
            return new Layout(subnet, lower ? services.address(-1) : services.network());
        }
    }

    /** Where it is, if it is complete but for the router. */
    Optional<Place> find() {
        return subnets().stream()
                .findFirst()
                .map(subnet -> new Place(
                        subnet.networkId(),
                        subnet.id(),
                        Cidr.parse(subnet.cidr()),
                        gateways().stream()
                                .filter(Port::isOnRouter)
                                .flatMap(port -> Optional.ofNullable(port.deviceId()).stream())
                                .findFirst()));
    }

    private List<Network> networks() {
        return api.ours(Kind.NETWORK, "description", List.of(mark.services())).stream()
                .sorted(Comparator.comparing((Network network) -> String.valueOf(network.createdAt()))
                        .thenComparing(Network::id))
                .toList();
    }

    private List<Subnet> subnets() {
        return api.ours(Kind.SUBNET, "description", List.of(mark.services()));
    }

    /** Where Services' addresses are; empty for a cluster without a service CIDR. */
    List<String> cidrs() {
        return subnets().stream().map(Subnet::cidr).toList();
    }

    private List<Port> gateways() {
        return api.ours(Kind.PORT, "description", List.of(mark.services()));
    }

    /** Makes what is missing of it; nothing for a cluster without a service CIDR. */
    void ensure(String router, RouterSpec spec) {
        Cidr services = spec.serviceCidr();
        if (services == null) {
            return;
        }
        Layout layout = Layout.of(services);
        for (Cidr pods : spec.podCidrs()) {
            if (layout.subnet().overlaps(pods)) {
                throw new Refused(
                        Reason.SUBNET_OVERLAP,
                        "Services in %s take the subnet %s, which overlaps the pods' %s: a service CIDR whose neighbour is free fits"
                                .formatted(services, layout.subnet(), pods));
            }
        }
        Overtaken.settle("making the services network of cluster " + spec.cluster(), () -> {
            Network network = network(spec);
            Subnet subnet = subnet(spec, network, layout);
            attach(router, layout, gateway(layout, subnet), subnet);
        });
    }

    private Network network(RouterSpec spec) {
        List<Network> found = networks();
        if (found.isEmpty()) {
            api.create(
                            Kind.NETWORK,
                            Body.fields(
                                    "name",
                                    "portolan-%s-services".formatted(spec.cluster()),
                                    "description",
                                    mark.services()))
                    .orThrow();
            found = networks();
        }
        found.stream().skip(1).forEach(extra -> gone(api.delete(Kind.NETWORK, extra.id())));
        return found.stream().findFirst().orElseThrow(() -> new Overtaken("the network is gone again"));
    }

    private Subnet subnet(RouterSpec spec, Network network, Layout layout) {
        Optional<Subnet> found = subnets().stream().findFirst();
        if (found.isPresent()) {
            if (!found.get().cidr().equals(layout.subnet().toString())) {
                throw new Refused(
                        Reason.CONFLICT,
                        "subnet %s bears the mark of the services' %s, but is %s"
                                .formatted(
                                        found.get().id(),
                                        layout.subnet(),
                                        found.get().cidr()));
            }
            return found.get();
        }
        Answer answer = api.create(
                Kind.SUBNET,
                Body.fields(
                        "name",
                        "portolan-%s-services".formatted(spec.cluster()),
                        "description",
                        mark.services(),
                        "network_id",
                        network.id(),
                        "ip_version",
                        4,
                        "cidr",
                        layout.subnet().toString(),
                        "gateway_ip",
                        layout.gateway().toString(),
                        "enable_dhcp",
                        false,
                        "allocation_pools",
                        List.of()));
        if (answer.message().contains("overlaps with") && !subnets().isEmpty()) {
            throw new Overtaken("another writer made the subnet");
        }
        return NeutronApi.read(Kind.SUBNET, answer.orThrow());
    }

    private Port gateway(Layout layout, Subnet subnet) {
        Optional<Port> found = gateways().stream().findFirst();
        if (found.isPresent()) {
            return found.get();
        }
        Answer answer = api.create(
                Kind.PORT,
                Body.fields(
                        "name",
                        "portolan-services-gateway",
                        "description",
                        mark.services(),
                        "network_id",
                        subnet.networkId(),
                        "mac_address",
                        MacAddress.derivedFrom(layout.gateway()).toString(),
                        "fixed_ips",
                        List.of(Body.fields(
                                "subnet_id",
                                subnet.id(),
                                "ip_address",
                                layout.gateway().toString()))));
        if (answer.taken() && !gateways().isEmpty()) {
            throw new Overtaken("another writer made the services' gateway");
        }
        return NeutronApi.read(Kind.PORT, answer.orThrow());
    }

    private void attach(String router, Layout layout, Port port, Subnet subnet) {
        if (port.isOnRouter(router)) {
            return;
        }
        if (port.isOnRouter()) {
            detach(port);
            throw new Overtaken("the services' gateway was on another router");
        }
        Answer answer = api.act(Kind.ROUTER, router, "add_router_interface", Body.fields("port_id", port.id()));
        if (answer.ok()) {
            return;
        }
        if (answer.missing()) {
            throw new Refused(Reason.NOT_FOUND, "there is no router %s any more".formatted(router));
        }
        Optional<Port> now = api.find(Kind.PORT, port.id());
        if (now.isEmpty() || now.get().isOnRouter(router)) {
            throw new Overtaken("another writer attached or removed the services' gateway");
        }
        if (answer.message().contains("overlaps with")) {
            throw new Refused(
                    Reason.SUBNET_OVERLAP,
                    "%s, for Services, cannot be behind router %s (subnet %s): %s"
                            .formatted(layout.subnet(), router, subnet.id(), answer.message()));
        }
        throw Objects.requireNonNull(answer.failure());
    }

    /** With the balancers that are left on it, which bear the cluster's mark; refused while anything else is there. */
    void delete() {
        Overtaken.settle("deleting the services network", () -> {
            List<Network> networks = networks();
            if (networks.isEmpty()) {
                return;
            }
            sweepBalancers();
            for (Network network : networks) {
                List<Port> ports = api.list(Kind.PORT, Query.by("network_id", network.id()));
                refuseInUse(ports);
                ports.stream().filter(this::isGateway).forEach(this::detach);
                api.list(Kind.SUBNET, Query.by("network_id", network.id()))
                        .forEach(subnet -> gone(api.delete(Kind.SUBNET, subnet.id())));
                gone(api.delete(Kind.NETWORK, network.id()));
            }
        });
    }

    private boolean isGateway(Port port) {
        return mark.read(port, Mark.Kind.SERVICES).isPresent();
    }

    private void refuseInUse(List<Port> ports) {
        List<Port> others = ports.stream()
                .filter(port -> !isGateway(port) && !port.isNetworksOwn())
                .toList();
        if (!others.isEmpty()) {
            throw new Refused(
                    Reason.IN_USE,
                    "%d ports are on the services network, such as %s"
                            .formatted(others.size(), others.getFirst().id()));
        }
    }

    private void sweepBalancers() {
        Query ofProject = Query.by("project_id", api.project());
        api.list(Kind.FLOATING_IP, ofProject).stream()
                .filter(floating -> mark.read(floating, Mark.Kind.FLOATING).isPresent())
                .forEach(floating -> gone(api.delete(Kind.FLOATING_IP, floating.id())));
        if (!api.hasOctavia()) {
            return;
        }
        NeutronApi octavia = api.octavia();
        List<LoadBalancer> left = octavia.list(Kind.BALANCER, ofProject).stream()
                .filter(balancer -> mark.read(balancer, Mark.Kind.BALANCER).isPresent())
                .toList();
        for (LoadBalancer balancer : left) {
            if (!balancer.isPending()) {
                Answer answer = octavia.delete(Kind.BALANCER, balancer.id(), Query.by("cascade", "true"));
                if (!answer.immutable()) {
                    gone(answer);
                }
            }
        }
        if (!left.isEmpty()) {
            throw new Unavailable("%d load balancers are being deleted".formatted(left.size()), SOON);
        }
    }

    private void detach(Port port) {
        String router = port.deviceId();
        if (port.isOnRouter() && router != null) {
            Map<String, Object> which = Body.fields("port_id", port.id());
            Answer answer = api.act(Kind.ROUTER, router, "remove_router_interface", which);
            if (!answer.missing()) {
                answer.orThrow();
                return;
            }
        }
        gone(api.delete(Kind.PORT, port.id()));
    }

    private static void gone(Answer answer) {
        if (!answer.missing()) {
            answer.orThrow();
        }
    }
}
