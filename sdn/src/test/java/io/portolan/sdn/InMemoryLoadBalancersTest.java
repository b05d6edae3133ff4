package io.portolan.sdn;

import io.portolan.model.ClusterId;
import java.util.ArrayList;
import java.util.List;

class InMemoryLoadBalancersTest extends SdnLoadBalancersContract {
    private final InMemoryBackend.Network network = new InMemoryBackend.Network();
    private final List<InMemoryBackend> backends = new ArrayList<>();

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        InMemoryBackend backend = new InMemoryBackend(cluster, network);
        backends.add(backend);
        return backend;
    }

    @Override
    protected Object everything() {
        return backends.stream().map(b -> b.loadBalancers().everything()).toList();
    }
}
