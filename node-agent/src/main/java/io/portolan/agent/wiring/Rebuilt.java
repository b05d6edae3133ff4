package io.portolan.agent.wiring;

import io.portolan.model.PortId;
import java.util.Set;

/**
 * What was found at the start of the agent.
 *
 * @param dead ports of sandboxes that are gone, with their interface: to be released
 * @param occupied ports that the cache holds for free while something has their interface: not to be handed out
 * @param removed names of wires that were taken down
 * @param mended names of wires whose row in the switch was written again
 */
public record Rebuilt(Set<PortId> dead, Set<PortId> occupied, Set<String> removed, Set<String> mended) {
    public Rebuilt {
        dead = Set.copyOf(dead);
        occupied = Set.copyOf(occupied);
        removed = Set.copyOf(removed);
        mended = Set.copyOf(mended);
    }
}
