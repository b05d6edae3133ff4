package io.portolan.topology.network;

import io.portolan.model.ClusterId;
import io.portolan.model.Mode;
import io.portolan.networks.NetworkKind;
import io.portolan.networks.NetworkTarget;
import io.portolan.sdn.InMemoryBackend;
import io.portolan.sdn.SdnBackend;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;

/** Networks that live as long as this process: {@code memory:}. */
@Component
@ConditionalOnProperty("portolan.topology.memory-backend")
public final class MemoryNetworks implements NetworkKind {
    private static final String ENDPOINT = "memory:";

    private final InMemoryBackend.Network network = new InMemoryBackend.Network();
    private final Map<ClusterId, InMemoryBackend> backends = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public Mode mode() {
        return Mode.OVERLAY;
    }

    @Override
    public boolean understands(String endpoints) {
        return endpoints.startsWith(ENDPOINT);
    }

    @Override
    public void check(String endpoints) {
        if (!endpoints.equals(ENDPOINT)) {
            throw new IllegalArgumentException("a network in memory has the one endpoint " + ENDPOINT);
        }
    }

    @Override
    public SdnBackend open(NetworkTarget target) {
        return backends.computeIfAbsent(target.cluster(), id -> new InMemoryBackend(id, network));
    }
}
