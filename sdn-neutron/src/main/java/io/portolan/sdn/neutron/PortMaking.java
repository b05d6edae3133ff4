package io.portolan.sdn.neutron;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
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
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Subnet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes ports, all in one call.
 *
 * <p>Neutron 21 has a trap there. Where a bulk call fails because one of its addresses is taken, the addresses of the
 * ports before that one stay allocated to nobody: no port has them, no call frees them but the deletion of their subnet,
 * and every later call for them is refused. So a bulk call names no address that a port of the subnet has, which is
 * looked up just before. Should one fail all the same, because somebody was faster or because addresses have leaked
 * earlier, no further bulk call is risked on the subnet: its ports are made one by one, and an address that is refused
 * though no port has it is reported as leaked.
 */
record PortMaking(NeutronApi api, Mark mark, Closing closing, Set<String> distrusted) {
    private static final String PARENT = "parent_name";
    private static final String TAG = "tag";

    PortMaking(NeutronApi api, Mark mark, Closing closing) {
        this(api, mark, closing, ConcurrentHashMap.newKeySet());
    }

    /** @param lost those whose addresses are gone for good */
    record Made(Map<PortId, Port> ports, Map<PortId, SdnPort> lost) {}

    Made make(NodeId node, NodeNetwork on, List<PortSpec> specs, Map<PortId, Subnet> subnets) {
        Made made = new Made(new LinkedHashMap<>(), new LinkedHashMap<>());
        if (specs.isEmpty()) {
            return made;
        }
        specs.forEach(spec -> refuseOutside(spec, at(subnets, spec)));
        boolean closed = closing.now();
        boolean safe = specs.stream()
                .noneMatch(spec -> distrusted.contains(at(subnets, spec).id()));
        if (safe && specs.size() > 1) {
            Answer answer = api.createAll(
                    Kind.PORT,
                    specs.stream()
                            .map(spec -> fields(node, spec, at(subnets, spec), closed))
                            .toList());
            if (!answer.taken()) {
                NeutronApi.readAll(Kind.PORT, answer.orThrow()).forEach(port -> keep(port, made));
                return made;
            }
            specs.forEach(spec -> distrusted.add(at(subnets, spec).id()));
            throw new Overtaken(String.valueOf(answer.failure().getMessage()));
        }
        for (PortSpec spec : specs) {
            makeOne(node, on, spec, at(subnets, spec), closed, made);
        }
        return made;
    }

    private static Subnet at(Map<PortId, Subnet> subnets, PortSpec spec) {
        return Optional.ofNullable(subnets.get(spec.id())).orElseThrow();
    }

    private void makeOne(NodeId node, NodeNetwork on, PortSpec spec, Subnet subnet, boolean closed, Made made) {
        Answer answer = api.create(Kind.PORT, fields(node, spec, subnet, closed));
        if (!answer.taken()) {
            keep(NeutronApi.read(Kind.PORT, answer.orThrow()), made);
            return;
        }
        Set<String> addresses =
                Set.copyOf(spec.addresses().stream().map(IpAddress::toString).toList());
        boolean held = on.ports().stream()
                .anyMatch(port -> port.macAddress().equals(spec.mac().toString())
                        || port.addresses().stream().anyMatch(addresses::contains));
        if (held || answer.type().equals("MacAddressInUse")) {
            throw new Overtaken(String.valueOf(answer.failure().getMessage()));
        }
        made.lost()
                .put(
                        spec.id(),
                        new SdnPort(
                                spec.id(),
                                "",
                                spec.mac(),
                                spec.addresses(),
                                false,
                                "address leaked by the cloud: no port has %s, and yet it is taken; it comes back when the subnet is made anew"
                                        .formatted(spec.addresses().getFirst())));
    }

    private void keep(Port port, Made made) {
        mark.read(port).ifPresent(key -> made.ports().put(new PortId(key.id()), port));
    }

    private static void refuseOutside(PortSpec spec, Subnet subnet) {
        Cidr cidr = Cidr.parse(subnet.cidr());
        for (IpAddress address : spec.addresses()) {
            if (!cidr.contains(address)) {
                throw new Refused(
                        Reason.NOT_SUPPORTED,
                        "port %s: %s is not in its subnet %s".formatted(spec.id(), address, cidr));
            }
        }
    }

    private Map<String, Object> fields(NodeId node, PortSpec spec, Subnet subnet, boolean closed) {
        Nesting nesting = spec.nesting();
        Map<String, Object> fields = Body.fields(
                "name",
                "portolan-" + spec.addresses().getFirst(),
                "description",
                mark.port(node, spec.id(), nesting == null ? null : nesting.parentPort()),
                "network_id",
                subnet.networkId(),
                "mac_address",
                spec.mac().toString(),
                "fixed_ips",
                spec.addresses().stream()
                        .map(address -> Body.fields("subnet_id", subnet.id(), "ip_address", address.toString()))
                        .toList(),
                "admin_state_up",
                true);
        if (closed) {
            fields.put("security_groups", List.of());
        }
        if (nesting != null && nesting.way() == Way.BINDING_PROFILE) {
            fields.put("binding:profile", profile(nesting));
        }
        return fields;
    }

    static Map<String, Object> profile(Nesting nesting) {
        return new HashMap<>(
                Map.of(PARENT, nesting.parentPort(), TAG, nesting.tag().id()));
    }

    /** Where a port's profile says that it is; absent for those who are not told, and for ports in no VM. */
    static @Nullable Nesting nesting(@Nullable Map<String, Object> profile) {
        if (profile == null
                || !(profile.get(PARENT) instanceof String parent)
                || !(profile.get(TAG) instanceof Integer tag)) {
            return null;
        }
        try {
            return new Nesting(parent, new VlanTag(tag), Way.BINDING_PROFILE);
        } catch (Malformed e) {
            return null;
        }
    }
}
