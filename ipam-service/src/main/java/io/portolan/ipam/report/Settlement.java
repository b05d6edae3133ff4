package io.portolan.ipam.report;

import io.portolan.model.PortState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a report is settled. */
sealed interface Settlement {
    /** Why not, in words; null where the ledger says so now. */
    default @Nullable String refused() {
        return null;
    }

    /** The ledger says so already. */
    record Already() implements Settlement {}

    /** It becomes so, through these states. */
    record Becomes(List<PortState> states) implements Settlement {
        public Becomes {
            states = List.copyOf(states);
        }
    }

    /** It cannot be. */
    record Declined(String refused) implements Settlement {}

    /** Two sandboxes with one address, or a release that was never reported. */
    record DoubleUse(String refused) implements Settlement {}
}
