package io.portolan.agent.wiring;

import io.portolan.model.PortId;
import io.portolan.model.VlanTag;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** The VLAN that each port of the bridge gives access to, if any: one port a VLAN, or two pods would share a wire. */
record VlanAccess(Binding binding) {
    /** The columns of a port's row that say it. */
    Row columns(Plug plug) {
        return binding.accessTo(plug)
                .map(tag -> Row.empty().with("tag", tag.id()).with("vlan_mode", "access"))
                .orElse(Row.empty().with("tag", Value.emptySet()).with("vlan_mode", Value.emptySet()));
    }

    /** What a row says otherwise than the port wants, in words; empty as a rule. */
    Optional<String> difference(Row row, Plug plug) {
        OptionalLong tag = row.optionalInteger("tag");
        String mode = row.optionalString("vlan_mode").orElse("");
        Optional<VlanTag> wanted = binding.accessTo(plug);
        boolean right = wanted.isPresent()
                ? tag.equals(OptionalLong.of(wanted.get().id())) && mode.equals("access")
                : tag.isEmpty() && mode.isEmpty();
        return right
                ? Optional.empty()
                : Optional.of("interface %s has VLAN tag %s%s, not %s"
                        .formatted(
                                row.string("name"),
                                tag.isPresent() ? Long.toString(tag.getAsLong()) : "none",
                                mode.isEmpty() ? "" : " as " + mode,
                                text(plug)));
    }

    String text(Plug plug) {
        return binding.accessTo(plug).map(tag -> Integer.toString(tag.id())).orElse("none");
    }

    /** Which of these ports cannot be plugged in now, and why: for want of a tag, or because another port has it. */
    Map<PortId, WiringRefused.Reason> obstacles(BridgeRows rows, Collection<Plug> plugs) {
        if (!binding.tellsApartByTag()) {
            return Map.of();
        }
        Map<Long, Set<Optional<PortId>>> holders = holders(rows);
        Map<PortId, WiringRefused.Reason> found = new LinkedHashMap<>();
        for (Plug plug : plugs) {
            Optional<VlanTag> tag = binding.accessTo(plug);
            if (tag.isEmpty()) {
                found.put(plug.port(), WiringRefused.Reason.UNTAGGED);
            } else if (holders.getOrDefault((long) tag.get().id(), Set.of()).stream()
                    .anyMatch(holder -> !holder.equals(Optional.of(plug.port())))) {
                found.put(plug.port(), WiringRefused.Reason.TAG_TAKEN);
            }
        }
        return found;
    }

    /** By tag the ports that have it; empty stands for one that is not ours. */
    private static Map<Long, Set<Optional<PortId>>> holders(BridgeRows rows) {
        Map<Long, Set<Optional<PortId>>> holders = new HashMap<>();
        for (Row port : rows.ports()) {
            OptionalLong tag = port.optionalInteger("tag");
            if (tag.isPresent()) {
                holders.computeIfAbsent(tag.getAsLong(), ignored -> new HashSet<>())
                        .add(rows.interfaces(port).stream()
                                .flatMap(row -> SwitchPorts.marked(row).stream())
                                .findFirst());
            }
        }
        return holders;
    }
}
