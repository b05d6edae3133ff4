package io.portolan.sdn.neutron;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.neutron.Found.FixedIp;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Network;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The cluster's router: made, or somebody's that is used and never changed. */
record Routers(NeutronApi api, Mark mark) {
    Router ensure(RouterSpec spec) {
        return Overtaken.settle("making the router of cluster " + spec.cluster(), () -> {
            String external = external(spec.externalNetwork()).orElse(null);
            List<Found.Router> found = ours();
            if (found.isEmpty()) {
                make(spec, external);
                found = ours();
            }
            if (found.isEmpty()) {
                throw new Overtaken("the router is gone again");
            }
            found.stream().skip(1).forEach(extra -> removeEmpty(extra.id()));
            Found.Router router = found.getFirst();
            // Neutron 21 raises the revision on its way to the check: with a condition, no gateway is ever changed.
            if (external != null && !router.externalNetwork().equals(Optional.of(external))) {
                api.update(
                        Kind.ROUTER,
                        router,
                        null,
                        Body.fields("external_gateway_info", Body.fields("network_id", external)));
            }
            return new Router(router.id());
        });
    }

    private void make(RouterSpec spec, @Nullable String external) {
        Map<String, Object> fields = Body.fields("name", "portolan-" + spec.cluster(), "description", mark.router());
        if (external != null) {
            fields.put("external_gateway_info", Body.fields("network_id", external));
        }
        api.create(Kind.ROUTER, fields).orThrow();
    }

    /** Of several that were made at once, all writers keep the same one. */
    private List<Found.Router> ours() {
        return api.ours(Kind.ROUTER, "description", List.of(mark.router())).stream()
                .sorted(Comparator.comparing((Found.Router router) -> String.valueOf(router.createdAt()))
                        .thenComparing(Found.Router::id))
                .toList();
    }

    Optional<Router> own() {
        return ours().stream().findFirst().map(router -> new Router(router.id()));
    }

    void delete() {
        ours().forEach(router -> removeEmpty(router.id()));
    }

    /** Neutron refuses to remove one that has ports. */
    private void removeEmpty(String id) {
        Answer answer = api.delete(Kind.ROUTER, id);
        if (!answer.missing()) {
            answer.orThrow();
        }
    }

    Router adopt(String id, RouterSpec spec) {
        Found.Router router = find(id);
        Optional<String> external = external(spec.externalNetwork());
        if (external.isPresent() && !router.externalNetwork().equals(external)) {
            throw new Refused(
                    Reason.CONFLICT,
                    "the external network of router %s is %s, not %s; an adopted router is not changed"
                            .formatted(id, router.externalNetwork().orElse("none"), spec.externalNetwork()));
        }
        refuseOverlaps(router, spec);
        return new Router(router.id());
    }

    Found.Router find(String id) {
        Optional<Found.Router> found = id.matches("[0-9A-Za-z-]+") ? api.find(Kind.ROUTER, id) : Optional.empty();
        return found.orElseThrow(
                () -> new Refused(Reason.NOT_FOUND, "there is no router %s in sight of the project".formatted(id)));
    }

    private Optional<String> external(@Nullable String nameOrId) {
        if (nameOrId == null) {
            return Optional.empty();
        }
        List<Network> found = named(api, nameOrId, "router:external", "true");
        if (found.isEmpty()) {
            throw new Refused(
                    Reason.EXTERNAL_NETWORK_UNKNOWN,
                    "there is no external network '%s' in sight of the project".formatted(nameOrId));
        }
        return Optional.of(found.getFirst().id());
    }

    /** The one network that is called so or has this id; more of that name are refused. */
    static List<Network> named(NeutronApi api, String nameOrId, String attribute, String value) {
        List<Network> byId = api.list(Kind.NETWORK, Query.by("id", nameOrId).and(attribute, value));
        if (!byId.isEmpty()) {
            return byId;
        }
        List<Network> byName = api.list(Kind.NETWORK, Query.by("name", nameOrId).and(attribute, value));
        if (byName.size() > 1) {
            throw new Refused(
                    Reason.CONFLICT,
                    "%d networks are called '%s': name one by its id, such as %s"
                            .formatted(
                                    byName.size(), nameOrId, byName.getFirst().id()));
        }
        return byName;
    }

    /**
     * Everything that the router reaches, but for the cluster's own subnets and default routes. Of its external network
     * tenants see no subnet, only the router's own address.
     */
    private void refuseOverlaps(Found.Router router, RouterSpec spec) {
        for (FixedIp address : router.externalAddresses()) {
            int bits = IpAddress.parse(address.ipAddress()).family().bits();
            refuseOverlap(address.ipAddress() + "/" + bits, "its external address", router, spec);
        }
        for (Subnet subnet : api.list(Kind.SUBNET, "id", subnetsBehind(router))) {
            boolean ours = mark.read(subnet).isPresent();
            if (!ours) {
                refuseOverlap(subnet.cidr(), "subnet " + subnet.id(), router, spec);
            }
        }
        for (Found.Router.Route route : Objects.requireNonNullElse(router.routes(), List.<Found.Router.Route>of())) {
            if (!route.destination().endsWith("/0")) {
                refuseOverlap(route.destination(), "a route to " + route.nexthop(), router, spec);
            }
        }
    }

    private Set<String> subnetsBehind(Found.Router router) {
        List<FixedIp> addresses = new ArrayList<>();
        for (Port port : api.list(Kind.PORT, Query.by("device_id", router.id()))) {
            boolean interfaceOfOurs = mark.read(port).isPresent();
            if (port.isOnRouter() && !interfaceOfOurs) {
                addresses.addAll(port.fixedIps());
            }
        }
        return addresses.stream().map(FixedIp::subnetId).collect(Collectors.toCollection(TreeSet::new));
    }

    private static void refuseOverlap(String text, String what, Found.Router router, RouterSpec spec) {
        boolean overlaps;
        try {
            Cidr cidr = Cidr.parse(text);
            overlaps = spec.podCidrs().stream().anyMatch(cidr::overlaps);
        } catch (Malformed e) {
            overlaps = true;
        }
        if (overlaps) {
            throw new Refused(
                    Reason.SUBNET_OVERLAP,
                    "%s behind router %s (%s) overlaps the cluster's pods".formatted(text, router.id(), what));
        }
    }
}
