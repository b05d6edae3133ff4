package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnFailure.Unavailable;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A network that is a map: for tests of what is above the seam, and for simulations of thousands of nodes. As strict as a
 * real one: a port needs its switch, a switch its router, an address is taken once.
 */
public final class InMemoryBackend implements SdnBackend, SdnTopology, SdnPorts {
    /** What several clusters share: routers by id with the networks behind them. */
    public static final class Network {
        private final Map<String, List<Cidr>> foreignRouters = new HashMap<>();
        private final Set<String> foreignGroups = new HashSet<>();
        private boolean up = true;

        /** A router that somebody else made. */
        public synchronized void foreignRouter(String id, List<Cidr> behind) {
            foreignRouters.put(id, List.copyOf(behind));
        }

        /** A group of ports, with rules of its own, that somebody else made. */
        public synchronized void foreignGroup(String id) {
            foreignGroups.add(id);
        }

        private synchronized boolean hasForeignGroup(String id) {
            return foreignGroups.contains(id);
        }

        public synchronized void up(boolean up) {
            this.up = up;
        }

        private synchronized Optional<List<Cidr>> behind(String router) {
            return Optional.ofNullable(foreignRouters.get(router));
        }

        private synchronized void reached() {
            if (!up) {
                throw new Unavailable("the network is down");
            }
        }
    }

    private static final int MOST = 1024;

    private final ClusterId cluster;
    private final Network network;
    private final Map<NodeId, SwitchSpec> switches = new TreeMap<>();
    private final Map<NodeId, Map<PortId, PortSpec>> ports = new HashMap<>();
    private final InMemoryLoadBalancers loadBalancers;
    private final InMemoryGateways gateways;
    private final Map<NodeId, Set<PortId>> portIds = new ConcurrentHashMap<>();
    private final InMemorySecurity security;
    private @Nullable Router router;

    public InMemoryBackend(ClusterId cluster, Network network) {
        this.cluster = cluster;
        this.network = network;
        this.loadBalancers = new InMemoryLoadBalancers(network::reached);
        this.gateways = new InMemoryGateways(network::reached);
        this.security = new InMemorySecurity(network::reached, network::hasForeignGroup, portIds);
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
    public Optional<PortSpec.Nesting.Way> nesting() {
        return Optional.empty();
    }

    @Override
    public int bulk() {
        return MOST;
    }

    @Override
    public InMemoryLoadBalancers loadBalancers() {
        return loadBalancers;
    }

    @Override
    public InMemoryGateways gateways() {
        return gateways;
    }

    @Override
    public InMemoryGateways floatingIps() {
        return gateways;
    }

    @Override
    public InMemorySecurity security() {
        return security;
    }

    /** Nobody else is on this network. */
    @Override
    public SdnDirectory directory() {
        network.reached();
        return routerId -> List.of();
    }

    @Override
    public void check() {
        network.reached();
    }

    @Override
    public void close() {}

    @Override
    public synchronized Router ensureRouter(RouterSpec spec) {
        network.reached();
        Router made = router == null ? new Router(cluster.toString()) : router;
        router = made;
        return made;
    }

    @Override
    public synchronized Router adoptRouter(String routerId, RouterSpec spec) {
        network.reached();
        List<Cidr> behind = network.behind(routerId)
                .orElseThrow(() -> new Refused(Reason.NOT_FOUND, "there is no router " + routerId));
        for (Cidr other : behind) {
            if (spec.podCidrs().stream().anyMatch(other::overlaps)) {
                throw new Refused(
                        Reason.SUBNET_OVERLAP, other + " behind router " + routerId + " overlaps the cluster's pods");
            }
        }
        return new Router(routerId);
    }

    @Override
    public synchronized Optional<Router> ownRouter() {
        network.reached();
        return Optional.ofNullable(router);
    }

    @Override
    public synchronized void deleteRouter() {
        network.reached();
        if (router != null && !switches.isEmpty()) {
            throw new Refused(Reason.IN_USE, "switches of " + switches.keySet() + " are on router " + router.id());
        }
        if (router != null && gateways.gateway().isPresent()) {
            throw new Refused(Reason.IN_USE, "router " + router.id() + " has its gateway still");
        }
        router = null;
        security.gone();
    }

    @Override
    public synchronized Ensured ensureSwitch(SwitchSpec spec) {
        network.reached();
        boolean known = (router != null && router.id().equals(spec.routerId()))
                || network.behind(spec.routerId()).isPresent();
        if (!known) {
            throw new Refused(Reason.NOT_FOUND, "there is no router " + spec.routerId());
        }
        SwitchSpec before = switches.put(spec.node(), spec);
        portIds.putIfAbsent(spec.node(), Set.of());
        return before == null ? Ensured.MADE : before.equals(spec) ? Ensured.UNCHANGED : Ensured.MENDED;
    }

    @Override
    public synchronized Set<NodeId> ownSwitches() {
        network.reached();
        return Set.copyOf(switches.keySet());
    }

    @Override
    public synchronized void deleteSwitch(NodeId node) {
        network.reached();
        if (!ports.getOrDefault(node, Map.of()).isEmpty()) {
            throw new Refused(Reason.IN_USE, "ports are on the switch of node " + node);
        }
        switches.remove(node);
        portIds.remove(node);
        security.gone(node);
    }

    @Override
    public synchronized List<SdnPort> list(NodeId node) {
        network.reached();
        return ports.getOrDefault(node, Map.of()).values().stream()
                .map(InMemoryBackend::port)
                .toList();
    }

    @Override
    public synchronized List<SdnPort> ensure(NodeId node, Collection<PortSpec> wanted) {
        network.reached();
        SwitchSpec on = switches.get(node);
        if (on == null) {
            throw new Refused(Reason.NOT_FOUND, "node " + node + " has no switch");
        }
        Map<PortId, PortSpec> after = new TreeMap<>(ports.getOrDefault(node, Map.of()));
        wanted.forEach(spec -> after.put(spec.id(), spec));
        long distinct = after.values().stream()
                .flatMap(spec -> spec.addresses().stream())
                .distinct()
                .count();
        if (distinct
                < after.values().stream().mapToLong(s -> s.addresses().size()).sum()) {
            throw new Refused(Reason.CONFLICT, "an address is on the switch of node " + on.name() + " already");
        }
        ports.put(node, after);
        portIds.put(node, Set.copyOf(after.keySet()));
        return wanted.stream().map(InMemoryBackend::port).toList();
    }

    @Override
    public synchronized void delete(NodeId node, Collection<PortId> gone) {
        network.reached();
        Map<PortId, PortSpec> there = ports.getOrDefault(node, new HashMap<>());
        there.keySet().removeAll(Set.copyOf(gone));
        portIds.computeIfPresent(node, (id, before) -> Set.copyOf(there.keySet()));
        security.gone(gone);
    }

    synchronized Map<NodeId, SwitchSpec> switches() {
        return Map.copyOf(switches);
    }

    private static SdnPort port(PortSpec spec) {
        return new SdnPort(spec.id(), spec.id().toString(), spec.mac(), spec.addresses(), true, null);
    }
}
