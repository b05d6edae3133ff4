package io.portolan.agent.security;

import io.portolan.agent.cache.CachedPort;
import io.portolan.model.PortId;
import java.util.Collection;

/** A port goes back to the ledger closed: whoever gets it next knows nothing of this node's profiles. */
public interface PortClosing {
    /** Where nothing is enforced. */
    PortClosing NONE = new PortClosing() {
        @Override
        public void close(Collection<PortId> ports) {}

        @Override
        public boolean isClosed(CachedPort port) {
            return true;
        }
    };

    /**
     * Closes those of these that no pod has taken.
     *
     * @throws SecurityUnavailable when that cannot be done now
     */
    void close(Collection<PortId> ports);

    /** Whether an unused port may go back as it is. */
    boolean isClosed(CachedPort port);
}
