package io.portolan.topology.node;

import io.portolan.kit.loop.Outcome;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortView;
import io.portolan.topology.trouble.Trouble;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a node's ports stand after a look.
 *
 * @param notUp those that are made and do not carry traffic yet
 * @param problem why the network refused some at this look
 * @param next when to look again
 */
record Standing(
        List<PortView> ports, Set<PortId> notUp, @Nullable String problem, Outcome next) {
    /** In the network, as far as the ledger knows. */
    private static final Set<PortState> MADE =
            EnumSet.of(PortState.FREE, PortState.LEASED, PortState.BOUND, PortState.COOLING);

    private static final String NOT_UP = "ports-not-up";
    private static final String FAILED = "ports-failed";

    static boolean isNew(PortState state) {
        return state == PortState.PLANNED || state == PortState.PROVISIONING;
    }

    static boolean isMade(PortState state) {
        return MADE.contains(state);
    }

    /** Whether some are still to be made. */
    boolean unfinished() {
        return ports.stream().anyMatch(p -> isNew(p.state()) && !notUp.contains(p.id()));
    }

    long ready() {
        return ports.stream().filter(p -> isMade(p.state())).count();
    }

    boolean allFailed() {
        return !ports.isEmpty() && ports.stream().allMatch(p -> p.state() == PortState.FAILED);
    }

    /** @param before the node's problem before this look, which ports that were not tried again still have */
    Optional<Trouble> trouble(@Nullable String before) {
        List<PortView> failed =
                ports.stream().filter(p -> p.state() == PortState.FAILED).toList();
        if (!failed.isEmpty()) {
            String known = before == null || before.equals(NOT_UP) ? FAILED : before;
            return Optional.of(new Trouble(
                    problem == null ? known : problem,
                    "%d of %d ports failed, the first for this reason: %s"
                            .formatted(
                                    failed.size(),
                                    ports.size(),
                                    failed.getFirst().stateReason())));
        }
        return notUp.isEmpty()
                ? Optional.empty()
                : Optional.of(new Trouble(
                        NOT_UP,
                        "%d of %d ports are made and not up: the network does not carry their traffic yet"
                                .formatted(notUp.size(), ports.size())));
    }
}
