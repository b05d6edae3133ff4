package io.portolan.agent.control;

import io.portolan.model.PortId;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What leases have to do with the switch: a port leaves it before it goes back.
 *
 * @param plumbed the ports that are in it
 * @param unplumb takes a port out of it
 */
public record Wires(Supplier<Set<PortId>> plumbed, Consumer<PortId> unplumb) {
    public static final Wires NONE = new Wires(Set::of, port -> {});
}
