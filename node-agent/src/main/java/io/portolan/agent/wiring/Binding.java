package io.portolan.agent.wiring;

import io.portolan.model.VlanTag;
import io.portolan.ovsdb.Row;
import java.util.Map;
import java.util.Optional;

/** What makes a port of the bridge a port of the network: all in which the two modes differ on a node. */
sealed interface Binding permits OvnBinding, TagBinding {
    static Binding of(WiringProperties settings) {
        return settings.uplink() == null ? new OvnBinding() : new TagBinding(settings.uplink());
    }

    /** What the row of a port's interface says beside our mark. */
    Map<String, String> interfaceIds(Plug plug);

    /** The VLAN whose access port it is; empty where tags mean nothing. */
    Optional<VlanTag> accessTo(Plug plug);

    /** Whether ports are told apart by their tags, so that one without a tag, or with another's, cannot be plugged. */
    boolean tellsApartByTag();

    /** Whether the bridge leads anywhere, as far as ports that are to be ready need it. */
    boolean leadsOut(BridgeRows rows);

    /** Whether traffic passes an interface that the switch has opened, if the bridge leads out. */
    boolean carries(Row networkInterface);

    /** What is missing when an interface that the switch has opened does not become ready. */
    String missing(BridgeRows rows);

    /** Empty when the bridge leads to the network, else what it lacks. */
    Optional<String> trouble(BridgeRows rows);

    /** The conntrack zone of a port, where this node tracks its connections. */
    Optional<String> conntrackZone(Row bridge, String backendId);
}
