package io.portolan.security;

import io.portolan.model.ClusterId;
import io.portolan.model.Mode;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.networks.NetworkKind;
import io.portolan.networks.NetworkTarget;
import io.portolan.sdn.InMemoryBackend;
import io.portolan.sdn.InMemorySecurity;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.SdnTopology;
import io.portolan.sdn.ovn.OvnBackends;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * Networks that outlive the service: in memory for endpoints {@code testing:}, real OVN for {@code testing:ENDPOINT}. A write
 * of bindings can be held up, and can be the last thing that a replica does.
 */
final class TestingNetworks implements NetworkKind, AutoCloseable {
    /** A replica dies with it. */
    static final class Killed extends Error {
        Killed() {
            super("killed", null, false, false);
        }
    }

    /** Where in a write of bindings the replica is killed. */
    enum Kill {
        NEVER,
        BEFORE,
        AFTER
    }

    private static final String ENDPOINT = "testing:";

    private final InMemoryBackend.Network shared = new InMemoryBackend.Network();
    private final Map<ClusterId, InMemoryBackend> inMemory = new ConcurrentHashMap<>();
    private final OvnBackends ovn = new OvnBackends(Duration.ofSeconds(20));
    private volatile Kill kill = Kill.NEVER;
    private volatile CountDownLatch gate = new CountDownLatch(0);

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
        return endpoints.startsWith(ENDPOINT);
    }

    @Override
    public SdnBackend open(NetworkTarget target) {
        return new Testing(backend(target.cluster(), target.endpoints()));
    }

    SdnBackend backend(ClusterId cluster, String endpoints) {
        return endpoints.equals(ENDPOINT)
                ? inMemory.computeIfAbsent(cluster, id -> new InMemoryBackend(id, shared))
                : ovn.backend(cluster, endpoints.substring(ENDPOINT.length()), null);
    }

    InMemorySecurity inMemory(ClusterId cluster) {
        return inMemory.computeIfAbsent(cluster, id -> new InMemoryBackend(id, shared))
                .security();
    }

    InMemoryBackend.Network shared() {
        return shared;
    }

    /** At the next write of bindings, and everything is dead from then on. */
    void kill(Kill when) {
        kill = when;
    }

    /** Writes of bindings wait until it is counted down. */
    CountDownLatch holdWrites() {
        gate = new CountDownLatch(1);
        return gate;
    }

    @Override
    public void close() {
        ovn.close();
    }

    private final class Testing implements SdnBackend, SdnSecurity {
        private final SdnBackend real;

        private Testing(SdnBackend real) {
            this.real = real;
        }

        private SdnSecurity alive() {
            return real.security();
        }

        @Override
        public SdnTopology topology() {
            return real.topology();
        }

        @Override
        public SdnPorts ports() {
            return real.ports();
        }

        @Override
        public Optional<PortSpec.Nesting.Way> nesting() {
            return real.nesting();
        }

        @Override
        public SdnSecurity security() {
            return this;
        }

        @Override
        public void check() {
            real.check();
        }

        @Override
        public void close() {
            if (!(real instanceof InMemoryBackend)) {
                real.close();
            }
        }

        @Override
        public Abilities abilities() {
            return alive().abilities();
        }

        @Override
        public Map<ProfileId, String> ensureProfiles(Collection<ProfileSpec> specs) {
            return alive().ensureProfiles(specs);
        }

        @Override
        public String adopt(String group) {
            return alive().adopt(group);
        }

        @Override
        public Set<ProfileId> ownProfiles() {
            return alive().ownProfiles();
        }

        @Override
        public void deleteProfile(ProfileId id) {
            alive().deleteProfile(id);
        }

        @Override
        public Map<ProfileId, String> ensurePolicies(Collection<PolicySpec> specs) {
            return alive().ensurePolicies(specs);
        }

        @Override
        public Map<ProfileId, List<String>> leftOut(Collection<PolicySpec> specs) {
            return alive().leftOut(specs);
        }

        @Override
        public Set<ProfileId> ownPolicies() {
            return alive().ownPolicies();
        }

        @Override
        public void deletePolicy(ProfileId id) {
            alive().deletePolicy(id);
        }

        @Override
        public Taken close(Collection<NodeId> nodes) {
            return alive().close(nodes);
        }

        @Override
        public void open() {
            alive().open();
        }

        @Override
        public Taken bind(Collection<Binding> bindings) {
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
            if (kill == Kill.BEFORE) {
                throw new Killed();
            }
            Taken taken = alive().bind(bindings);
            if (kill == Kill.AFTER) {
                throw new Killed();
            }
            return taken;
        }

        @Override
        public Map<PortId, Set<String>> bindings(NodeId node) {
            return alive().bindings(node);
        }
    }
}
