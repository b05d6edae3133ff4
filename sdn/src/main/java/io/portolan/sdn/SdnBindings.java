package io.portolan.sdn;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where ports are, as the network has it: what machines say, not what was asked for. Only read, and only to be compared.
 *
 * <p>A port that is not in the answer is bound to nothing. That is a statement of the network about all of its ports at once:
 * a reading that fails, or ends early, throws instead.
 */
public interface SdnBindings {
    /**
     * A port's binding.
     *
     * @param chassis the machine that has bound it; null where the network does not tell whom
     * @param up whether the network carries its traffic
     */
    record Binding(@Nullable String chassis, boolean up) {}

    /** By the ports' ids in the network; ports of others that share it may be among them. */
    Map<String, Binding> all();
}
