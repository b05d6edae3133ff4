package io.portolan.security.profile;

import io.portolan.model.Cidr;
import io.portolan.sdn.ProfileSpec.Action;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import org.jspecify.annotations.Nullable;

/** A rule as declared; profiles are named as the caller, or the ledger, names them. */
record Rule(
        Direction direction,
        Action action,
        int priority,
        Protocol protocol,
        @Nullable PortRange ports,
        Remote remote,
        boolean log) {
    /** Who is at the other end. */
    sealed interface Remote {
        record Anyone() implements Remote {}

        record Block(Cidr cidr) implements Remote {}

        /** @param name or id */
        record Profile(String name) implements Remote {}

        record Group(String id) implements Remote {}
    }

    /** Whether one connection may match both; who is in a profile or a group may have any address. */
    boolean overlaps(Rule other) {
        return direction == other.direction
                && (protocol == other.protocol || protocol == Protocol.ANY || other.protocol == Protocol.ANY)
                && meet(ports, other.ports)
                && !(remote instanceof Remote.Block(Cidr here)
                        && other.remote instanceof Remote.Block(Cidr there)
                        && !here.overlaps(there));
    }

    private static boolean meet(@Nullable PortRange here, @Nullable PortRange there) {
        return here == null || there == null || (here.first() <= there.last() && there.first() <= here.last());
    }

    /** Whether both would have to be obeyed and cannot be. */
    boolean contradicts(Rule other) {
        return action != other.action && priority == other.priority && overlaps(other);
    }
}
