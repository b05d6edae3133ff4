package io.portolan.agent.wiring;

import io.portolan.model.VlanTag;
import io.portolan.ovsdb.Row;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Underlay mode: the port is an access port of the VLAN by which the hypervisor's OVN knows it, and the bridge's uplink is
 * the VM's vNIC, a trunk. There is no OVN here: nothing that it would bind is written, and nothing of it is waited for.
 *
 * <p>An access port takes no frame that bears a tag, so a pod cannot speak as another one. The uplink is somebody else's:
 * it is looked at and never changed.
 *
 * @param uplink the name of the uplink's port in the bridge; a bond's, too
 */
record TagBinding(String uplink) implements Binding {
    private static final Set<String> ACCESS = Set.of("", "access", "dot1q-tunnel");

    @Override
    public Map<String, String> interfaceIds(Plug plug) {
        return Map.of();
    }

    @Override
    public Optional<VlanTag> accessTo(Plug plug) {
        return Optional.ofNullable(plug.vlanTag());
    }

    @Override
    public boolean tellsApartByTag() {
        return true;
    }

    /** The uplink's link may be down: pods start all the same, and {@link #trouble} says so. */
    @Override
    public boolean leadsOut(BridgeRows rows) {
        return rows.port(uplink).isPresent();
    }

    @Override
    public boolean carries(Row networkInterface) {
        return networkInterface.optionalString("admin_state").orElse("").equals("up");
    }

    @Override
    public String missing(BridgeRows rows) {
        return leadsOut(rows) ? "Open vSwitch did not open the interface" : notThere(rows);
    }

    @Override
    public Optional<String> trouble(BridgeRows rows) {
        Optional<Row> port = rows.port(uplink);
        if (port.isEmpty()) {
            return Optional.of(notThere(rows));
        }
        if (port.get().optionalInteger("tag").isPresent()
                && ACCESS.contains(port.get().optionalString("vlan_mode").orElse(""))) {
            return Optional.of("the uplink %s of bridge %s is an access port: no pod's VLAN passes it"
                    .formatted(uplink, rows.name()));
        }
        List<Row> interfaces = rows.interfaces(port.get());
        if (interfaces.stream().anyMatch(TagBinding::isUp)) {
            return Optional.empty();
        }
        String error = interfaces.stream()
                .flatMap(row -> row.optionalString("error").stream())
                .findFirst()
                .orElse("its link is down");
        return Optional.of("the uplink %s of bridge %s does not work: %s".formatted(uplink, rows.name(), error));
    }

    private static boolean isUp(Row row) {
        return row.optionalInteger("ofport").orElse(-1) > 0
                && row.optionalString("admin_state").orElse("").equals("up")
                && row.optionalString("link_state").orElse("").equals("up");
    }

    private String notThere(BridgeRows rows) {
        return "the uplink %s is not in bridge %s".formatted(uplink, rows.name());
    }

    /** The hypervisor tracks the connections; nothing of them is in the VM. */
    @Override
    public Optional<String> conntrackZone(Row bridge, String backendId) {
        return Optional.empty();
    }
}
