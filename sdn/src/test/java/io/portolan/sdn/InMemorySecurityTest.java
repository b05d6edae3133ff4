package io.portolan.sdn;

import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

class InMemorySecurityTest extends SdnSecurityContract {
    private final InMemoryBackend.Network network = new InMemoryBackend.Network();
    private final List<InMemoryBackend> backends = new ArrayList<>();

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        InMemoryBackend backend = new InMemoryBackend(cluster, network);
        backends.add(backend);
        return backend;
    }

    @Override
    protected SdnBackend unreachable(ClusterId cluster) {
        InMemoryBackend.Network down = new InMemoryBackend.Network();
        down.up(false);
        return new InMemoryBackend(cluster, down);
    }

    @Override
    protected String foreignGroup() {
        String id = UUID.randomUUID().toString();
        network.foreignGroup(id);
        return id;
    }

    @Override
    protected Object everything() {
        List<Object> all = new ArrayList<>();
        for (InMemoryBackend backend : backends) {
            all.add(backend.security().profiles());
            all.add(backend.security().policies());
            all.add(backend.security().closed());
            for (NodeId node : backend.switches().keySet()) {
                all.add(backend.security().bindings(node));
            }
        }
        return all;
    }
}
