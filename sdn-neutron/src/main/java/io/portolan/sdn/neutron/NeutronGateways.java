package io.portolan.sdn.neutron;

import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.SdnGateways;
import io.portolan.sdn.neutron.Found.FixedIp;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The way outside in a cloud: the router's gateway, which {@link Routers} puts on the cluster's external network and the
 * cloud keeps alive, and floating IPs on pods' ports.
 *
 * <p>A floating IP of ours stays allocated while it leads nowhere; its {@code description} says what it stands for.
 */
record NeutronGateways(NeutronApi api, Mark mark) implements SdnGateways, SdnFloatingIps {
    @Override
    public List<IpAddress> ensureGateway(GatewaySpec spec) {
        if (spec.attachment() != null) {
            throw new Refused(Reason.NOT_SUPPORTED, "where the router meets the outside is the cloud's affair");
        }
        Found.Router router = api.find(Kind.ROUTER, spec.routerId())
                .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "there is no router " + spec.routerId()));
        String external = external(router);
        boolean snat = router.snat().orElse(true);
        if (snat != spec.snat()) {
            if (!mark.router().equals(router.description())) {
                throw new Refused(
                        Reason.CONFLICT,
                        "router %s has snat %s; an adopted router is not changed".formatted(router.id(), snat));
            }
            api.update(
                    Kind.ROUTER,
                    router,
                    null,
                    Body.fields(
                            "external_gateway_info", Body.fields("network_id", external, "enable_snat", spec.snat())));
        }
        return router.externalAddresses().stream()
                .map(FixedIp::ipAddress)
                .map(IpAddress::parse)
                .toList();
    }

    private static String external(Found.Router router) {
        return router.externalNetwork()
                .orElseThrow(() -> new Refused(
                        Reason.EXTERNAL_NETWORK_UNKNOWN,
                        "router %s has no gateway: say externalNetwork with the cluster, or give the adopted router one"
                                .formatted(router.id())));
    }

    /** The router's gateway is the router's. */
    @Override
    public boolean hasGateway() {
        return false;
    }

    @Override
    public void deleteGateway() {
        ours().values().forEach(all -> all.forEach(this::delete));
    }

    private String text(FloatingIpId id) {
        return "portolan cluster=%s podaddress=%s".formatted(mark.cluster(), id);
    }

    private Map<FloatingIpId, List<Found.FloatingIp>> ours() {
        String prefix = "portolan cluster=%s podaddress=".formatted(mark.cluster());
        Map<FloatingIpId, List<Found.FloatingIp>> found = new HashMap<>();
        for (Found.FloatingIp each : api.list(Kind.FLOATING_IP, Query.by("project_id", api.project()))) {
            String description = Objects.requireNonNullElse(each.description(), "");
            if (description.startsWith(prefix)) {
                id(description.substring(prefix.length()))
                        .ifPresent(id -> found.computeIfAbsent(id, key -> new ArrayList<>())
                                .add(each));
            }
        }
        return found;
    }

    /** Empty where somebody wrote something else behind our words. */
    private static Optional<FloatingIpId> id(String text) {
        try {
            return Optional.of(FloatingIpId.parse(text));
        } catch (Malformed e) {
            return Optional.empty();
        }
    }

    @Override
    public List<FloatingIp> ownFloatingIps() {
        Map<FloatingIpId, List<Found.FloatingIp>> found = ours();
        List<String> ports = found.values().stream()
                .flatMap(List::stream)
                .flatMap(each -> Optional.ofNullable(each.portId()).stream())
                .toList();
        Map<String, Port> byId = api.list(Kind.PORT, "id", ports).stream()
                .collect(Collectors.toMap(Port::id, Function.identity(), (one, same) -> one));
        List<FloatingIp> all = new ArrayList<>();
        found.forEach((id, some) -> some.forEach(
                each -> all.add(new FloatingIp(id, IpAddress.parse(each.floatingIpAddress()), target(each, byId)))));
        return all;
    }

    private static @Nullable IpAddress target(Found.FloatingIp floating, Map<String, Port> ports) {
        Port port = floating.portId() == null ? null : ports.get(floating.portId());
        return port == null || port.addresses().isEmpty()
                ? null
                : IpAddress.parse(port.addresses().getFirst());
    }

    @Override
    public IpAddress ensureFloatingIp(FloatingIpSpec spec) {
        FloatingIpSpec.Target target = spec.target();
        String port = target == null ? null : target.backendId();
        List<Found.FloatingIp> found = api.ours(Kind.FLOATING_IP, "description", List.of(text(spec.id()))).stream()
                .sorted(Comparator.comparing(Found.FloatingIp::id))
                .toList();
        found.stream().skip(1).forEach(this::delete);
        if (found.isEmpty()) {
            return IpAddress.parse(make(spec, port).floatingIpAddress());
        }
        Found.FloatingIp first = found.getFirst();
        if (!Objects.equals(first.portId(), port)) {
            Map<String, Object> fields = new HashMap<>();
            fields.put("port_id", port);
            api.put(Kind.FLOATING_IP, first.id(), fields).orThrow();
        }
        return IpAddress.parse(first.floatingIpAddress());
    }

    private Found.FloatingIp make(FloatingIpSpec spec, @Nullable String port) {
        Found.Router router = api.find(Kind.ROUTER, spec.routerId())
                .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "there is no router " + spec.routerId()));
        Map<String, Object> fields =
                Body.fields("floating_network_id", external(router), "description", text(spec.id()));
        if (port != null) {
            fields.put("port_id", port);
        }
        if (spec.address() != null) {
            fields.put("floating_ip_address", spec.address().toString());
        }
        Answer answer = api.create(Kind.FLOATING_IP, fields);
        if (answer.status() == 403 && spec.address() != null) {
            throw new Refused(
                    Reason.NOT_ALLOWED,
                    "the project may not choose floating IP %s: %s".formatted(spec.address(), answer.message()));
        }
        return NeutronApi.read(Kind.FLOATING_IP, answer.orThrow());
    }

    @Override
    public void deleteFloatingIp(FloatingIpId id) {
        api.ours(Kind.FLOATING_IP, "description", List.of(text(id))).forEach(this::delete);
    }

    private void delete(Found.FloatingIp floating) {
        Answer answer = api.delete(Kind.FLOATING_IP, floating.id());
        if (!answer.missing()) {
            answer.orThrow();
        }
    }
}
