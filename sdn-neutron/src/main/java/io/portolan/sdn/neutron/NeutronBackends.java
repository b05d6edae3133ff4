package io.portolan.sdn.neutron;

import io.portolan.model.ClusterId;
import io.portolan.sdn.PortSpec.Nesting.Way;
import io.portolan.sdn.SdnBackend;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Backends of clusters in underlay mode. Clusters with the same secret for the same cloud share a session, which is
 * forgotten with the last of them.
 */
public final class NeutronBackends implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final class Shared {
        private final NeutronApi api;
        private int users;

        private Shared(NeutronApi api) {
            this.api = api;
        }
    }

    private final NeutronCalls calls = new NeutronCalls();
    private final Wires wires;
    private final Map<NeutronTarget, Shared> shared = new HashMap<>();

    public NeutronBackends() {
        this(PATIENCE);
    }

    /** @param patience how long one call may take; one that makes some dozen ports takes several seconds */
    public NeutronBackends(Duration patience) {
        this.wires = new Wires(calls, patience);
    }

    /**
     * The backend of one cluster. It reads the secret and connects at its first call. The caller closes it.
     *
     * @param nesting how ports are to be nested; without it the cloud's capability decides
     */
    public SdnBackend backend(ClusterId cluster, NeutronTarget target, @Nullable Way nesting) {
        return new NeutronBackend(cluster, enter(target), nesting, () -> leave(target));
    }

    private synchronized NeutronApi enter(NeutronTarget target) {
        Shared here = shared.computeIfAbsent(target, t -> new Shared(NeutronApi.neutron(new Login(t, wires))));
        here.users++;
        return here.api;
    }

    private synchronized void leave(NeutronTarget target) {
        Shared here = shared.get(target);
        if (here != null && --here.users == 0) {
            shared.remove(target);
        }
    }

    /** What the backends asked of their clouds. */
    public NeutronCalls calls() {
        return calls;
    }

    /** Ends the connections of all backends; calls under way fail. */
    @Override
    public void close() {
        wires.close();
    }
}
