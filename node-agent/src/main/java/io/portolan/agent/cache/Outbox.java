package io.portolan.agent.cache;

import io.portolan.model.api.PortReport;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Reports that wait for their delivery, in the order in which things happened. They are written with what they report. */
public final class Outbox {
    private final CacheStore store;

    Outbox(CacheStore store) {
        this.store = store;
    }

    /** The oldest ones, at most so many. */
    public List<PortReport> pending(int most) {
        return store.view().outbox().stream()
                .limit(most)
                .map(CacheView.Queued::report)
                .toList();
    }

    /** These are settled and are forgotten. */
    public void delivered(Collection<UUID> reports) {
        Set<UUID> ids = Set.copyOf(reports);
        store.write(false, change -> {
            change.delivered(ids);
            return true;
        });
    }
}
