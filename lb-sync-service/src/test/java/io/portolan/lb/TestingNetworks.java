package io.portolan.lb;

import io.portolan.model.ClusterId;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.Mode;
import io.portolan.networks.NetworkKind;
import io.portolan.networks.NetworkTarget;
import io.portolan.sdn.InMemoryBackend;
import io.portolan.sdn.InMemoryLoadBalancers;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnDirectory;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.SdnTopology;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** Networks in memory that outlive the service, and may hang. */
final class TestingNetworks implements NetworkKind {
    private final InMemoryBackend.Network shared = new InMemoryBackend.Network();
    private final Map<ClusterId, InMemoryBackend> networks = new ConcurrentHashMap<>();
    private final Map<ClusterId, CountDownLatch> hanging = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "testing";
    }

    @Override
    public Mode mode() {
        return Mode.OVERLAY;
    }

    @Override
    public boolean understands(String endpoints) {
        return endpoints.equals("testing:");
    }

    @Override
    public SdnBackend open(NetworkTarget target) {
        return new Testing(target.cluster(), of(target.cluster()));
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

    /** Every call to that cluster's network waits until it is counted down. */
    CountDownLatch hang(ClusterId cluster) {
        CountDownLatch until = new CountDownLatch(1);
        hanging.put(cluster, until);
        return until;
    }

    private final class Testing implements SdnBackend, SdnLoadBalancers {
        private final ClusterId cluster;
        private final InMemoryBackend memory;

        private Testing(ClusterId cluster, InMemoryBackend memory) {
            this.cluster = cluster;
            this.memory = memory;
        }

        private InMemoryLoadBalancers reached() {
            CountDownLatch until = hanging.get(cluster);
            if (until != null) {
                try {
                    until.await();
                } catch (InterruptedException e) {
                    throw new SdnFailure.Unavailable("given up", e);
                }
            }
            return memory.loadBalancers();
        }

        @Override
        public SdnTopology topology() {
            return memory.topology();
        }

        @Override
        public SdnPorts ports() {
            return memory.ports();
        }

        @Override
        public Optional<PortSpec.Nesting.Way> nesting() {
            return memory.nesting();
        }

        @Override
        public SdnLoadBalancers loadBalancers() {
            return this;
        }

        @Override
        public SdnDirectory directory() {
            reached();
            return memory.directory();
        }

        @Override
        public void check() {
            reached();
            memory.check();
        }

        @Override
        public void close() {
            memory.close();
        }

        @Override
        public Abilities abilities() {
            return memory.loadBalancers().abilities();
        }

        @Override
        public int batch() {
            return memory.loadBalancers().batch();
        }

        @Override
        public Audit audit(Collection<LoadBalancerSpec> wanted) {
            return reached().audit(wanted);
        }

        @Override
        public Map<LoadBalancerId, Settled> ensure(Collection<LoadBalancerSpec> specs) {
            return reached().ensure(specs);
        }

        @Override
        public Map<LoadBalancerId, Settled> delete(Collection<LoadBalancerId> ids) {
            return reached().delete(ids);
        }
    }
}
