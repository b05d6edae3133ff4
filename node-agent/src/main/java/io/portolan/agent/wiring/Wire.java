package io.portolan.agent.wiring;

import io.portolan.model.PortId;
import java.util.UUID;

/**
 * A port of the switch that we made, as its database shows it. Whether its veth is still there is the kernel's to say.
 *
 * @param row its row in the table Interface
 * @param ready whether traffic passes: OVN has installed its flows, or, in underlay mode, it
 *     and the bridge's uplink are in the switch
 */
record Wire(PortId port, WireName name, UUID row, boolean ready) {}
