package io.portolan.agent.wiring;

import io.portolan.model.VlanTag;
import io.portolan.ovsdb.Row;
import java.util.Map;
import java.util.Optional;

/** Overlay mode: the node's ovn-controller binds a port by its {@code iface-id} and says when its flows are installed. */
record OvnBinding() implements Binding {
    @Override
    public Map<String, String> interfaceIds(Plug plug) {
        return Map.of("iface-id", plug.backendId(), "attached-mac", plug.mac().toString());
    }

    @Override
    public Optional<VlanTag> accessTo(Plug plug) {
        return Optional.empty();
    }

    @Override
    public boolean tellsApartByTag() {
        return false;
    }

    @Override
    public boolean leadsOut(BridgeRows rows) {
        return true;
    }

    @Override
    public boolean carries(Row networkInterface) {
        return "true".equals(networkInterface.stringMap("external_ids").get("ovn-installed"));
    }

    @Override
    public String missing(BridgeRows rows) {
        return "ovn-controller did not install the flows";
    }

    @Override
    public Optional<String> trouble(BridgeRows rows) {
        return Optional.empty();
    }

    @Override
    public Optional<String> conntrackZone(Row bridge, String backendId) {
        return Optional.ofNullable(bridge.stringMap("external_ids").get("ct-zone-" + backendId));
    }
}
