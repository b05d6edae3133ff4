package io.portolan.sdn.neutron;

import io.portolan.model.NodeId;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SwitchSpec;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Network;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A node's network and its subnets. Subnets give no address to anybody who does not name one, and have no DHCP: which
 * port has which address is the ledger's.
 */
record Switches(NeutronApi api, Mark mark, Routers routers, Gateways gateways, Trunks trunks) {
    private static final int IPV4 = 4;
    private static final int IPV6 = 6;

    Ensured ensure(SwitchSpec spec) {
        return Overtaken.settle("making the switch of node " + spec.name(), () -> {
            routers.find(spec.routerId());
            Changes changes = new Changes();
            Network network = spec.network() == null ? ownNetwork(spec, changes) : existing(spec, spec.network());
            List<Subnet> there = changes.made ? List.of() : api.list(Kind.SUBNET, Query.by("network_id", network.id()));
            List<Subnet> ours = NodeNetwork.ours(mark, spec.node(), there);
            changes.found |= !ours.isEmpty();
            removeSubnets(spec, ours, changes);
            List<Gateways.Wanted> wanted = new ArrayList<>();
            for (SwitchSpec.Subnet subnet : spec.subnets()) {
                String id = ensure(spec, network, subnet, there, changes);
                wanted.add(new Gateways.Wanted(subnet, id, network.id()));
            }
            changes.count += gateways.ensure(spec.node(), spec.routerId(), wanted);
            return changes.outcome();
        });
    }

    private static final class Changes {
        private boolean found;
        private boolean made;
        private int count;

        private Ensured outcome() {
            if (count == 0) {
                return Ensured.UNCHANGED;
            }
            return found ? Ensured.MENDED : Ensured.MADE;
        }
    }

    private Network ownNetwork(SwitchSpec spec, Changes changes) {
        List<Network> own = NodeNetwork.own(api, mark, spec.node());
        if (own.isEmpty()) {
            Answer answer = api.create(
                    Kind.NETWORK,
                    Body.fields(
                            "name",
                            "portolan-" + spec.name(),
                            "description",
                            mark.network(spec.node()),
                            "mtu",
                            spec.mtu(),
                            "admin_state_up",
                            true));
            Network made = NeutronApi.read(Kind.NETWORK, answer.orThrow());
            changes.count++;
            own = NodeNetwork.own(api, mark, spec.node());
            if (own.size() == 1 && own.getFirst().id().equals(made.id())) {
                changes.made = true;
                return made;
            }
        }
        changes.found = true;
        own.stream().skip(1).forEach(this::removeDouble);
        Network first = own.stream().findFirst().orElseThrow(() -> new Overtaken("the network is gone again"));
        if (first.mtu() != spec.mtu() || !first.adminStateUp()) {
            changes.count++;
            return api.update(
                    Kind.NETWORK,
                    first,
                    first.revisionNumber(),
                    Body.fields("mtu", spec.mtu(), "admin_state_up", true));
        }
        return first;
    }

    /** Two writers made one each; that which is not the oldest goes as long as nothing is on it. */
    private void removeDouble(Network extra) {
        Answer answer = api.delete(Kind.NETWORK, extra.id());
        if (!answer.missing() && !answer.ok()) {
            throw answer.status() == 409
                    ? new Refused(
                            Reason.CONFLICT,
                            "network %s bears the mark of another one and is in use: move or delete what is on it"
                                    .formatted(extra.id()))
                    : answer.failure();
        }
    }

    private Network existing(SwitchSpec spec, String nameOrId) {
        List<Network> found = Routers.named(api, nameOrId, "admin_state_up", "true");
        if (found.isEmpty()) {
            throw new Refused(Reason.NOT_FOUND, "there is no network '%s' that is up".formatted(nameOrId));
        }
        Network network = found.getFirst();
        if (network.mtu() < spec.mtu()) {
            throw new Refused(
                    Reason.NOT_SUPPORTED,
                    "network '%s' has an MTU of %d; the cluster's is %d"
                            .formatted(nameOrId, network.mtu(), spec.mtu()));
        }
        return network;
    }

    private void removeSubnets(SwitchSpec spec, List<Subnet> ours, Changes changes) {
        Set<String> wanted = new HashSet<>();
        spec.subnets().forEach(subnet -> wanted.add(mark.subnet(spec.node(), subnet.id())));
        for (Subnet subnet : ours) {
            if (!wanted.contains(subnet.description())) {
                remove(spec.node(), subnet);
                changes.count++;
            }
        }
    }

    /** Returns Neutron's id of it. */
    private String ensure(
            SwitchSpec spec, Network network, SwitchSpec.Subnet wanted, List<Subnet> there, Changes changes) {
        String description = mark.subnet(spec.node(), wanted.id());
        Optional<Subnet> found = there.stream()
                .filter(subnet -> description.equals(subnet.description()))
                .findFirst();
        if (found.isEmpty()) {
            Answer answer = api.create(
                    Kind.SUBNET,
                    Body.fields(
                            "name",
                            "portolan-%s-%s".formatted(spec.name(), wanted.cidr()),
                            "description",
                            description,
                            "network_id",
                            network.id(),
                            "ip_version",
                            wanted.cidr().family().bits() == 32 ? IPV4 : IPV6,
                            "cidr",
                            wanted.cidr().toString(),
                            "gateway_ip",
                            wanted.gateway().toString(),
                            "enable_dhcp",
                            false,
                            "allocation_pools",
                            List.of()));
            changes.count++;
            return made(answer, description, network).id();
        }
        Subnet subnet = found.get();
        if (!subnet.cidr().equals(wanted.cidr().toString())) {
            throw new Refused(
                    Reason.CONFLICT,
                    "subnet %s bears the mark of %s, but is %s".formatted(subnet.id(), wanted.cidr(), subnet.cidr()));
        }
        if (!wanted.gateway().toString().equals(subnet.gatewayIp())) {
            gateways.remove(spec.node(), List.of(subnet));
            api.update(
                    Kind.SUBNET,
                    subnet,
                    subnet.revisionNumber(),
                    Body.fields("gateway_ip", wanted.gateway().toString()));
            changes.count++;
        }
        return subnet.id();
    }

    /** Subnets of one network do not overlap: of two writers one is refused, and looks again. */
    private Subnet made(Answer answer, String description, Network network) {
        boolean overlaps = answer.status() == 400 && answer.message().contains("overlaps with");
        if (overlaps
                && api.list(Kind.SUBNET, Query.by("network_id", network.id())).stream()
                        .anyMatch(subnet -> description.equals(subnet.description()))) {
            throw new Overtaken("another writer made the subnet");
        }
        return NeutronApi.read(Kind.SUBNET, answer.orThrow());
    }

    /** With its gateway; refused while anything else is in it. */
    private void remove(NodeId node, Subnet subnet) {
        List<Port> left = api.list(Kind.PORT, Query.by("fixed_ips", "subnet_id=" + subnet.id())).stream()
                .filter(port -> !goesAlong(node, port))
                .toList();
        refuseInUse(left, "subnet " + subnet.cidr());
        gateways.remove(node, List.of(subnet));
        gone(api.delete(Kind.SUBNET, subnet.id()));
    }

    private boolean goesAlong(NodeId node, Port port) {
        return port.isNetworksOwn() || mark.read(port, Mark.Kind.GATEWAY, node).isPresent();
    }

    private static void refuseInUse(List<Port> left, String what) {
        if (!left.isEmpty()) {
            throw new Refused(
                    Reason.IN_USE,
                    "%d ports are on %s, such as %s"
                            .formatted(left.size(), what, left.getFirst().id()));
        }
    }

    private static void gone(Answer answer) {
        if (!answer.missing()) {
            answer.orThrow();
        }
    }

    Set<NodeId> own() {
        Stream<NodeId> byNetwork = api.list(Kind.NETWORK, Query.by("project_id", api.project())).stream()
                .flatMap(network -> mark.read(network, Mark.Kind.NETWORK).map(Mark.Key::node).stream());
        Stream<NodeId> bySubnet = api.list(Kind.SUBNET, Query.by("project_id", api.project())).stream()
                .flatMap(subnet -> mark.read(subnet, Mark.Kind.SUBNET).map(Mark.Key::node).stream());
        Set<NodeId> nodes = new HashSet<>();
        Stream.concat(byNetwork, bySubnet).forEach(nodes::add);
        return nodes;
    }

    void delete(NodeId node) {
        Overtaken.settle("deleting the switch of node " + node, () -> {
            NodeNetwork on = NodeNetwork.look(api, mark, node);
            if (on.exists()) {
                List<Port> left = on.ports().stream()
                        .filter(port -> !goesAlong(node, port))
                        .toList();
                refuseInUse(left, "the switch of node " + node);
                gateways.remove(node, on.subnets());
                on.subnets().forEach(subnet -> gone(api.delete(Kind.SUBNET, subnet.id())));
                on.own().forEach(network -> gone(api.delete(Kind.NETWORK, network.id())));
            }
            trunks.deleteEmpty(node);
        });
    }
}
