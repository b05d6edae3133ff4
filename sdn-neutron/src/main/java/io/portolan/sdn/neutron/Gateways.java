package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SwitchSpec;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A subnet's gateway: a port with the gateway's address and MAC, which is made first, with our mark on it, and then
 * becomes the router's. An interface that the router makes for itself could not be told from anybody's.
 */
record Gateways(NeutronApi api, Mark mark) {
    /** @param subnetId Neutron's id of the subnet */
    record Wanted(SwitchSpec.Subnet subnet, String subnetId, String networkId) {}

    /** Returns how many things it had to change. */
    int ensure(NodeId node, String router, List<Wanted> wanted) {
        List<Port> found =
                found(node, wanted.stream().map(each -> each.subnet().id()).toList());
        int changes = 0;
        for (Wanted each : wanted) {
            String description = mark.gateway(node, each.subnet().id());
            Optional<Port> there = found.stream()
                    .filter(port -> description.equals(port.description()))
                    .findFirst();
            if (there.isPresent() && !fits(there.get(), each, router)) {
                remove(there.get());
                there = Optional.empty();
                changes++;
            }
            if (there.isEmpty() || !there.get().isOnRouter(router)) {
                attach(router, there.isPresent() ? there.get() : make(node, each), each);
                changes++;
            }
        }
        return changes;
    }

    private List<Port> found(NodeId node, List<SubnetId> subnets) {
        return api.ours(
                Kind.PORT,
                "description",
                subnets.stream().map(id -> mark.gateway(node, id)).toList());
    }

    private static boolean fits(Port port, Wanted wanted, String router) {
        boolean elsewhere = port.isOnRouter() && !port.isOnRouter(router);
        return !elsewhere
                && port.macAddress().equals(wanted.subnet().gatewayMac().toString())
                && port.addresses().equals(List.of(wanted.subnet().gateway().toString()));
    }

    private Port make(NodeId node, Wanted wanted) {
        SwitchSpec.Subnet subnet = wanted.subnet();
        Answer answer = api.create(
                Kind.PORT,
                Body.fields(
                        "name",
                        "portolan-gateway-" + subnet.cidr(),
                        "description",
                        mark.gateway(node, subnet.id()),
                        "network_id",
                        wanted.networkId(),
                        "mac_address",
                        subnet.gatewayMac().toString(),
                        "fixed_ips",
                        List.of(Body.fields(
                                "subnet_id",
                                wanted.subnetId(),
                                "ip_address",
                                subnet.gateway().toString()))));
        if (answer.taken() && !found(node, List.of(subnet.id())).isEmpty()) {
            throw new Overtaken("another writer made the gateway");
        }
        return NeutronApi.read(Kind.PORT, answer.orThrow());
    }

    private void attach(String router, Port port, Wanted wanted) {
        Answer answer = api.act(Kind.ROUTER, router, "add_router_interface", Body.fields("port_id", port.id()));
        if (answer.ok()) {
            return;
        }
        if (answer.missing()) {
            throw new Refused(Reason.NOT_FOUND, "there is no router %s any more".formatted(router));
        }
        Optional<Port> now = api.find(Kind.PORT, port.id());
        if (now.isEmpty() || (now.get().isOnRouter(router) && !port.isOnRouter(router))) {
            throw new Overtaken("another writer attached or removed the gateway");
        }
        if (answer.message().contains("overlaps with")) {
            throw new Refused(
                    Reason.SUBNET_OVERLAP,
                    "%s cannot be behind router %s: %s"
                            .formatted(wanted.subnet().cidr(), router, answer.message()));
        }
        throw Objects.requireNonNull(answer.failure());
    }

    /** Those of these subnets, from the router and from the network. */
    void remove(NodeId node, List<Subnet> subnets) {
        List<SubnetId> ids = subnets.stream()
                .flatMap(subnet -> mark.read(subnet).stream())
                .map(key -> new SubnetId(key.id()))
                .toList();
        found(node, ids).forEach(this::remove);
    }

    /** A port that a router has cannot be deleted; the router deletes it when it lets go. */
    private void remove(Port port) {
        if (port.isOnRouter() && port.deviceId() != null) {
            Answer answer =
                    api.act(Kind.ROUTER, port.deviceId(), "remove_router_interface", Body.fields("port_id", port.id()));
            if (!answer.missing()) {
                answer.orThrow();
                return;
            }
        }
        Answer answer = api.delete(Kind.PORT, port.id());
        if (!answer.missing()) {
            answer.orThrow();
        }
    }
}
