package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

class InMemoryBackendTest extends SdnBackendContract {
    private final InMemoryBackend.Network network = new InMemoryBackend.Network();
    private final List<InMemoryBackend> backends = new ArrayList<>();

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        InMemoryBackend backend = new InMemoryBackend(cluster, network);
        backends.add(backend);
        return backend;
    }

    @Override
    protected String foreignRouter(Cidr behind) {
        String id = UUID.randomUUID().toString();
        network.foreignRouter(id, List.of(behind));
        return id;
    }

    @Override
    protected Object everything() {
        List<Object> all = new ArrayList<>();
        for (InMemoryBackend backend : backends) {
            Map<NodeId, Object> switches = new HashMap<>();
            backend.switches().forEach((node, spec) -> switches.put(node, List.of(spec, backend.list(node))));
            Optional<Router> router = backend.ownRouter();
            if (router.isPresent() || !switches.isEmpty()) {
                all.add(List.of(router, switches));
            }
        }
        return all;
    }
}
