package io.portolan.agent.control;

import io.portolan.agent.security.PortClosing;
import io.portolan.model.PortId;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What leases have to do with the switch and with security: a port leaves the one, and is shut, before it goes back.
 *
 * @param plumbed the ports that are in it
 * @param unplumb takes a port out of it
 * @param closing shuts ports
 */
public record Wires(Supplier<Set<PortId>> plumbed, Consumer<PortId> unplumb, PortClosing closing) {
    public static final Wires NONE = new Wires(Set::of, port -> {}, PortClosing.NONE);
}
