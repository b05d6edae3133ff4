package io.portolan.agent.security;

import io.portolan.agent.cache.CachedPort;
import io.portolan.model.PortId;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicReference;

/** What shuts ports calls the control plane, which has to know it before. Until it does, nothing goes back. */
public final class LateClosing implements PortClosing {
    private static final PortClosing NOT_YET = new PortClosing() {
        @Override
        public void close(Collection<PortId> ports) {}

        @Override
        public boolean isClosed(CachedPort port) {
            return false;
        }
    };

    private final AtomicReference<PortClosing> closing = new AtomicReference<>(NOT_YET);

    public void by(PortClosing whom) {
        closing.set(whom);
    }

    @Override
    public void close(Collection<PortId> ports) {
        closing.get().close(ports);
    }

    @Override
    public boolean isClosed(CachedPort port) {
        return closing.get().isClosed(port);
    }
}
