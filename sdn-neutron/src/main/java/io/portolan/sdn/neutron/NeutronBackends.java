package io.portolan.sdn.neutron;

import io.portolan.model.ClusterId;
import io.portolan.sdn.PortSpec.Nesting.Way;
import io.portolan.sdn.SdnBackend;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Backends of clusters in underlay mode. */
public final class NeutronBackends implements AutoCloseable {
    private final NeutronCalls calls = new NeutronCalls();
    private final Map<ClusterId, SdnBackend> opened = new ConcurrentHashMap<>();

    /**
     * The backend of one cluster. It reads the secret and connects at its first call. The caller closes it.
     *
     * @param nesting how ports are to be nested; without it the cloud's capability decides
     */
    public SdnBackend backend(ClusterId cluster, NeutronTarget target, @Nullable Way nesting) {
        return Objects.requireNonNull(opened.get(cluster), () -> "not yet: " + target + nesting);
    }

    /** What the backends asked of their clouds. */
    public NeutronCalls calls() {
        return calls;
    }

    @Override
    public void close() {}
}
