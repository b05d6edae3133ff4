package io.portolan.topology;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.FloatingIpId;
import io.portolan.model.IpAddress;
import io.portolan.model.Mode;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.networks.NetworkKind;
import io.portolan.networks.NetworkTarget;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.FloatingIpSpec;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.InMemoryBackend;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.Router;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBindings;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFloatingIps;
import io.portolan.sdn.SdnGateways;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SdnPorts;
import io.portolan.sdn.SdnTopology;
import io.portolan.sdn.SwitchSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Networks that outlive the service, and fail, hang, dawdle or refuse as a test says. */
public final class TestingNetwork implements NetworkKind {
    private final InMemoryBackend.Network shared = new InMemoryBackend.Network();
    private final Map<ClusterId, One> networks = new ConcurrentHashMap<>();
    private final AtomicInteger portsInTheMaking = new AtomicInteger();
    private final AtomicInteger mostPortsInTheMaking = new AtomicInteger();
    volatile long dawdleMillis;

    /** One cluster's network. */
    final class One implements SdnBackend, SdnTopology, SdnPorts, SdnGateways, SdnFloatingIps {
        final InMemoryBackend memory;
        final List<String> writes = new ArrayList<>();
        final AtomicInteger calls = new AtomicInteger();
        volatile boolean down;
        volatile CountDownLatch hanging;
        volatile Predicate<PortSpec> refuses = port -> false;
        final Map<String, SdnBindings.Binding> bindings = new ConcurrentHashMap<>();
        volatile boolean bindingsDown;

        private One(ClusterId id) {
            this.memory = new InMemoryBackend(id, shared);
        }

        private <T> T call(String write, Supplier<T> call) {
            calls.incrementAndGet();
            TestingCrash.alive(write);
            CountDownLatch hang = hanging;
            if (hang != null) {
                try {
                    hang.await();
                } catch (InterruptedException e) {
                    throw new SdnFailure.Unavailable("given up", e);
                }
            }
            if (down) {
                throw new SdnFailure.Unavailable("the network is down");
            }
            return write.isEmpty() ? call.get() : TestingCrash.sideEffect(write, call);
        }

        private void run(String write, Runnable call) {
            call(write, () -> {
                call.run();
                return true;
            });
        }

        @Override
        public SdnBindings bindings() {
            return () -> {
                if (bindingsDown) {
                    throw new SdnFailure.Unavailable("the bindings cannot be read");
                }
                return call("", () -> Map.copyOf(bindings));
            };
        }

        @Override
        public SdnTopology topology() {
            return this;
        }

        @Override
        public SdnPorts ports() {
            return this;
        }

        @Override
        public SdnGateways gateways() {
            return this;
        }

        @Override
        public SdnFloatingIps floatingIps() {
            return this;
        }

        @Override
        public List<IpAddress> ensureGateway(GatewaySpec spec) {
            return call("ensureGateway", () -> memory.gateways().ensureGateway(spec));
        }

        @Override
        public boolean hasGateway() {
            return call("", () -> memory.gateways().hasGateway());
        }

        @Override
        public void deleteGateway() {
            run("deleteGateway", () -> {
                if (memory.gateways().hasGateway()) {
                    writes.add("gateway");
                }
                memory.gateways().deleteGateway();
            });
        }

        @Override
        public List<FloatingIp> ownFloatingIps() {
            return call("", () -> memory.gateways().ownFloatingIps());
        }

        @Override
        public IpAddress ensureFloatingIp(FloatingIpSpec spec) {
            return call("ensureFloatingIp", () -> memory.gateways().ensureFloatingIp(spec));
        }

        @Override
        public void deleteFloatingIp(FloatingIpId id) {
            run("deleteFloatingIp", () -> memory.gateways().deleteFloatingIp(id));
        }

        @Override
        public Optional<PortSpec.Nesting.Way> nesting() {
            return call("", memory::nesting);
        }

        @Override
        public int bulk() {
            return memory.bulk();
        }

        @Override
        public void check() {
            run("", memory::check);
        }

        @Override
        public void close() {}

        @Override
        public Router ensureRouter(RouterSpec spec) {
            return call("ensureRouter", () -> memory.ensureRouter(spec));
        }

        @Override
        public Router adoptRouter(String routerId, RouterSpec spec) {
            return call("", () -> memory.adoptRouter(routerId, spec));
        }

        @Override
        public Optional<Router> ownRouter() {
            return call("", memory::ownRouter);
        }

        @Override
        public void deleteRouter() {
            run("deleteRouter", () -> {
                writes.add("router");
                memory.deleteRouter();
            });
        }

        @Override
        public Ensured ensureSwitch(SwitchSpec spec) {
            return call("ensureSwitch", () -> memory.ensureSwitch(spec));
        }

        @Override
        public Set<NodeId> ownSwitches() {
            return call("", memory::ownSwitches);
        }

        @Override
        public void deleteSwitch(NodeId node) {
            run("deleteSwitch", () -> {
                writes.add("switch");
                memory.deleteSwitch(node);
            });
        }

        @Override
        public List<SdnPort> list(NodeId node) {
            return call("", () -> memory.list(node));
        }

        @Override
        public List<SdnPort> ensure(NodeId node, Collection<PortSpec> ports) {
            int now = portsInTheMaking.addAndGet(ports.size());
            mostPortsInTheMaking.accumulateAndGet(now, Math::max);
            try {
                return call("ensurePorts", () -> {
                    dawdle();
                    Optional<PortSpec> refused = ports.stream().filter(refuses).findFirst();
                    if (refused.isPresent()) {
                        throw new SdnFailure.Refused(
                                SdnFailure.Refused.Reason.CONFLICT,
                                refused.get().addresses() + " is somebody else's");
                    }
                    return memory.ensure(node, ports);
                });
            } finally {
                portsInTheMaking.addAndGet(-ports.size());
            }
        }

        @Override
        public void delete(NodeId node, Collection<PortId> ports) {
            run("deletePorts", () -> {
                writes.add("ports");
                memory.delete(node, ports);
            });
        }

        /** All that there is. */
        Map<NodeId, List<SdnPort>> everything() {
            Map<NodeId, List<SdnPort>> all = new TreeMap<>();
            memory.ownSwitches().forEach(node -> all.put(node, memory.list(node)));
            return all;
        }
    }

    private void dawdle() {
        try {
            Thread.sleep(dawdleMillis);
        } catch (InterruptedException e) {
            throw new SdnFailure.Unavailable("given up", e);
        }
    }

    int mostPortsInTheMaking() {
        return mostPortsInTheMaking.get();
    }

    void foreignRouter(String id, Cidr behind) {
        shared.foreignRouter(id, List.of(behind));
    }

    One of(ClusterId cluster) {
        return networks.computeIfAbsent(cluster, One::new);
    }

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
        return endpoints.startsWith("testing:");
    }

    @Override
    public SdnBackend open(NetworkTarget target) {
        return of(target.cluster());
    }
}
