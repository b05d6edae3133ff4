package io.portolan.sdn.neutron;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.Malformed;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.VlanTag;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.PortSpec.Nesting;
import io.portolan.sdn.PortSpec.Nesting.Way;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import io.portolan.sdn.neutron.Found.Trunk;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Pods' ports. Making them goes in this order, and whoever finds it half done continues: what is there and what would be
 * refused is found out first; then what is wrong goes, what is missing is made in one call, and all that is not on its
 * trunk is put there in one call.
 */
record NeutronPorts(NeutronApi api, Mark mark, Trunks trunks, PortMaking making, Deletions deletions)
        implements SdnPorts {
    /** Neutron needs about 200 ms for each: a call of this size takes some seconds, and a time limit of a minute holds. */
    private static final int BULK = 32;

    private static final MacAddress UNREADABLE = MacAddress.parse("02:00:00:00:00:00");

    @Override
    public int bulk() {
        return BULK;
    }

    @Override
    public List<SdnPort> list(NodeId node) {
        NodeNetwork on = NodeNetwork.look(api, mark, node);
        List<Port> ours = on.exists() ? List.copyOf(ours(node, on.ports()).values()) : List.of();
        Map<String, Nesting> nested = nested(trunks.holding(node, ours));
        return ours.stream().map(port -> read(port, nested.get(port.id()))).toList();
    }

    /** Our ports by what they stand for. There is one of each, because two cannot have one address. */
    private Map<PortId, Port> ours(NodeId node, List<Port> ports) {
        Map<PortId, Port> ours = new LinkedHashMap<>();
        ports.forEach(port ->
                mark.read(port, Mark.Kind.PORT, node).ifPresent(key -> ours.putIfAbsent(new PortId(key.id()), port)));
        return ours;
    }

    private static Map<String, Nesting> nested(List<Trunk> trunks) {
        Map<String, Nesting> nested = new HashMap<>();
        for (Trunk trunk : trunks) {
            trunk.subPorts()
                    .forEach(sub -> nested.put(
                            sub.portId(), new Nesting(trunk.portId(), new VlanTag(sub.segmentationId()), Way.TRUNK)));
        }
        return nested;
    }

    @Override
    public List<SdnPort> ensure(NodeId node, Collection<PortSpec> ports) {
        Map<PortId, PortSpec> wanted = new LinkedHashMap<>();
        ports.forEach(spec -> wanted.put(spec.id(), spec));
        return Overtaken.settle("making ports of node " + node, () -> settled(node, wanted));
    }

    private List<SdnPort> settled(NodeId node, Map<PortId, PortSpec> wanted) {
        NodeNetwork on = NodeNetwork.look(api, mark, node);
        Map<PortId, Subnet> subnets = subnets(on, wanted.values());
        List<Port> there = on.ports();
        Map<PortId, Port> ours = ours(node, there);
        refuseTakenAddresses(there, wanted);
        Map<String, Trunk> parents = parents(node, wanted.values(), ours);

        List<PortSpec> missing = new ArrayList<>();
        Map<PortId, Port> right = new LinkedHashMap<>();
        List<Port> wrong = new ArrayList<>();
        for (PortSpec spec : wanted.values()) {
            Port port = ours.get(spec.id());
            if (port != null && fits(port, spec)) {
                right.put(spec.id(), mended(port, spec));
            } else {
                missing.add(spec);
                Optional.ofNullable(port).ifPresent(wrong::add);
            }
        }
        deletions.delete(node, wrong);
        PortMaking.Made made = making.make(node, on, missing, subnets);
        right.putAll(made.ports());
        return nest(node, parents, wanted, right, made.lost());
    }

    private static Map<PortId, Subnet> subnets(NodeNetwork on, Collection<PortSpec> specs) {
        Map<PortId, Subnet> subnets = new HashMap<>();
        for (PortSpec spec : specs) {
            Subnet subnet = on.subnet(spec.subnet())
                    .orElseThrow(() -> new Refused(
                            Reason.NOT_FOUND, "node %s has no subnet %s".formatted(on.node(), spec.subnet())));
            subnets.put(spec.id(), subnet);
        }
        return subnets;
    }

    /** Compared with everything there but the ports that are named; before a bulk call, which must not fail for it. */
    private void refuseTakenAddresses(List<Port> there, Map<PortId, PortSpec> wanted) {
        Map<String, Port> holders = new HashMap<>();
        for (Port port : there) {
            boolean named = mark.read(port, Mark.Kind.PORT)
                    .filter(key -> wanted.containsKey(new PortId(key.id())))
                    .isPresent();
            if (!named) {
                port.addresses().forEach(address -> holders.put(address, port));
                holders.put(port.macAddress(), port);
            }
        }
        for (PortSpec spec : wanted.values()) {
            for (Object thing : keys(spec)) {
                Port holder = holders.get(thing.toString());
                if (holder != null) {
                    throw new Refused(
                            Reason.CONFLICT,
                            "port %s cannot have %s: port %s has it".formatted(spec.id(), thing, holder.id()));
                }
            }
        }
    }

    private static List<Object> keys(PortSpec spec) {
        List<Object> keys = new ArrayList<>(spec.addresses());
        keys.add(spec.mac());
        return keys;
    }

    /** The trunks by the ports that they are on; where one is missing, it is made. Refuses what could not be nested. */
    private Map<String, Trunk> parents(NodeId node, Collection<PortSpec> specs, Map<PortId, Port> ours) {
        Map<String, Map<Integer, String>> tags = new LinkedHashMap<>();
        Map<String, Trunk> found = new HashMap<>();
        for (PortSpec spec : specs) {
            Nesting nesting = spec.nesting();
            if (nesting != null && nesting.way() == Way.BINDING_PROFILE) {
                tags.computeIfAbsent(nesting.parentPort(), parent -> {
                    trunks.check(parent);
                    return new HashMap<>();
                });
            } else if (nesting != null) {
                Port port = ours.get(spec.id());
                tags.computeIfAbsent(nesting.parentPort(), parent -> {
                            trunks.on(parent)
                                    .ifPresentOrElse(trunk -> found.put(parent, trunk), () -> trunks.check(parent));
                            return new HashMap<>();
                        })
                        .put(nesting.tag().id(), port == null ? "" : port.id());
            }
        }
        Set<String> named = specs.stream()
                .flatMap(spec -> Optional.ofNullable(ours.get(spec.id())).stream())
                .map(Port::id)
                .collect(Collectors.toSet());
        found.forEach((parent, trunk) -> Trunks.refuseTakenTags(trunk, tags.getOrDefault(parent, Map.of()), named));
        for (PortSpec spec : specs) {
            Nesting nesting = spec.nesting();
            if (nesting != null && nesting.way() == Way.TRUNK) {
                found.computeIfAbsent(nesting.parentPort(), parent -> trunks.make(node, parent));
            }
        }
        return found;
    }

    private static boolean fits(Port port, PortSpec spec) {
        return port.macAddress().equals(spec.mac().toString())
                && port.addresses()
                        .equals(spec.addresses().stream()
                                .map(IpAddress::toString)
                                .toList());
    }

    /** What can be put right on the port itself. The profile is told to those only whom the cloud's policy allows. */
    private Port mended(Port port, PortSpec spec) {
        Map<String, Object> changes = new LinkedHashMap<>();
        if (!port.adminStateUp()) {
            changes.put("admin_state_up", true);
        }
        Nesting nesting = spec.nesting();
        if (nesting != null && nesting.way() == Way.BINDING_PROFILE && port.profile() != null) {
            Map<String, Object> profile = PortMaking.profile(nesting);
            if (!profile.equals(port.profile())) {
                changes.put("binding:profile", profile);
            }
        }
        return changes.isEmpty() ? port : api.update(Kind.PORT, port, port.revisionNumber(), changes);
    }

    private List<SdnPort> nest(
            NodeId node,
            Map<String, Trunk> parents,
            Map<PortId, PortSpec> wanted,
            Map<PortId, Port> ports,
            Map<PortId, SdnPort> lost) {
        for (Map.Entry<String, Trunk> parent : parents.entrySet()) {
            List<Trunks.Wanted> nested = new ArrayList<>();
            for (PortSpec spec : wanted.values()) {
                Nesting nesting = spec.nesting();
                Port port = ports.get(spec.id());
                if (port != null && nesting != null && nesting.parentPort().equals(parent.getKey())) {
                    nested.add(new Trunks.Wanted(port, nesting.tag().id()));
                }
            }
            trunks.nest(parent.getValue(), node, nested);
        }
        List<SdnPort> all = new ArrayList<>(lost.values());
        for (PortSpec spec : wanted.values()) {
            Port port = ports.get(spec.id());
            if (port != null) {
                all.add(read(port, spec.nesting()));
            }
        }
        return all;
    }

    @Override
    public void delete(NodeId node, Collection<PortId> ports) {
        Set<PortId> gone = Set.copyOf(ports);
        Overtaken.settle("deleting ports of node " + node, () -> {
            NodeNetwork on = NodeNetwork.look(api, mark, node);
            if (on.exists()) {
                Map<PortId, Port> ours = ours(node, on.ports());
                ours.keySet().retainAll(gone);
                deletions.delete(node, List.copyOf(ours.values()));
            }
        });
    }

    private SdnPort read(Port port, @Nullable Nesting nesting) {
        PortId id = new PortId(mark.read(port).orElseThrow().id());
        boolean ready = "ACTIVE".equals(port.status());
        String fault = "ERROR".equals(port.status())
                ? "Neutron reports the port in ERROR"
                : port.adminStateUp() ? null : "the port is administratively down";
        try {
            return new SdnPort(
                    id,
                    port.id(),
                    MacAddress.parse(port.macAddress()),
                    port.addresses().stream().map(IpAddress::parse).toList(),
                    ready,
                    fault,
                    nesting == null ? PortMaking.nesting(port.profile()) : nesting);
        } catch (Malformed e) {
            String what = "its addresses in Neutron are %s %s".formatted(port.macAddress(), port.addresses());
            return new SdnPort(id, port.id(), UNREADABLE, List.of(), false, what, nesting);
        }
    }
}
