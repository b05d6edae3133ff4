package io.portolan.lb;

import io.portolan.lb.cluster.Cluster;
import io.portolan.lb.network.NetworkProvider;
import io.portolan.model.ClusterId;
import io.portolan.sdn.InMemoryBackend;
import io.portolan.sdn.InMemoryLoadBalancers;
import io.portolan.sdn.SdnBackend;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Networks in memory that outlive the service. */
final class TestingNetworks implements NetworkProvider {
    private final InMemoryBackend.Network shared = new InMemoryBackend.Network();
    private final Map<ClusterId, InMemoryBackend> networks = new ConcurrentHashMap<>();

    @Override
    public boolean understands(Cluster.Target target) {
        return target.endpoints().equals("testing:");
    }

    @Override
    public SdnBackend open(Cluster.Target target) {
        return of(target.cluster());
    }

    private InMemoryBackend of(ClusterId cluster) {
        return networks.computeIfAbsent(cluster, id -> new InMemoryBackend(id, shared));
    }

    InMemoryLoadBalancers balancers(ClusterId cluster) {
        return of(cluster).loadBalancers();
    }

    void up(boolean up) {
        shared.up(up);
    }
}
