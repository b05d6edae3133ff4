package io.portolan.ipam.report;

import io.portolan.model.PortState;
import io.portolan.model.api.PortReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A port as the reports before left it; the rules of what may happen to it are here and nowhere else.
 *
 * @param held whether the node holds it: only then can anything happen to it there
 * @param user the sandbox and interface that it is bound by
 */
record ReportedPort(PortState state, boolean held, @Nullable User user, long revision) {
    /** An interface of a sandbox. */
    record User(String sandbox, String networkInterface) {
        static User of(PortReport report) {
            return new User(report.sandbox(), report.networkInterface());
        }

        @Override
        public String toString() {
            return networkInterface + " of sandbox " + sandbox;
        }
    }

    /** @param elsewhere whether the report's sandbox and interface are bound to another port */
    Settlement settle(PortReport report, boolean elsewhere) {
        User reporter = User.of(report);
        if (!held) {
            return new Settlement.Declined("the node does not hold the port: it is " + state.text());
        }
        return switch (report.kind()) {
            case BOUND -> bound(reporter, elsewhere);
            case RELEASED -> released(reporter, elsewhere);
            case RESTED -> rested();
        };
    }

    private Settlement bound(User reporter, boolean elsewhere) {
        if (user != null) {
            return user.equals(reporter)
                    ? new Settlement.Already()
                    : new Settlement.DoubleUse(
                            "the port is bound by %s: either two have it, or its release was lost".formatted(user));
        }
        if (elsewhere) {
            return new Settlement.Declined(reporter + " is bound to another port");
        }
        return new Settlement.Becomes(List.of(PortState.BOUND));
    }

    /**
     * Only whom the port is bound by lets go of it. A release from one that the ledger never saw bind means that its
     * report of binding was lost or declined: both are written down, at the one time that is known, so that the history
     * names the sandbox and the address rests before somebody else has it.
     */
    private Settlement released(User reporter, boolean elsewhere) {
        if (user != null) {
            return user.equals(reporter)
                    ? new Settlement.Becomes(List.of(PortState.COOLING))
                    : new Settlement.Declined(
                            "the port is bound by %s now: a stale release frees nobody else's port".formatted(user));
        }
        if (state == PortState.COOLING) {
            return new Settlement.Already();
        }
        return elsewhere
                ? new Settlement.Declined(reporter + " is bound to another port")
                : new Settlement.Becomes(List.of(PortState.BOUND, PortState.COOLING));
    }

    private Settlement rested() {
        if (user != null) {
            return new Settlement.Declined("the port is bound by %s: it does not rest".formatted(user));
        }
        return state == PortState.COOLING
                ? new Settlement.Becomes(List.of(PortState.LEASED))
                : new Settlement.Already();
    }

    ReportedPort after(PortState next, PortReport report) {
        return new ReportedPort(next, held, next == PortState.BOUND ? User.of(report) : null, revision + 1);
    }
}
