package io.portolan.lb.desired;

import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.lb.desired.Refusal.Reason;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of the function. Of two listeners at one place the first stays: cluster, balancer's, external, node's address.
 *
 * <p>Longer than most, because what a Service says about one address is refused or kept in the light of what it says about
 * the others.
 */
final class Compilation {
    private final ServiceReading service;
    private final Collection<EndpointSlice> slices;
    private final ClusterFacts facts;
    private final Set<IpAddress> balancerAddresses;
    private final Map<Frontend, Listener> listeners = new LinkedHashMap<>();
    private final List<Refusal> refusals = new ArrayList<>();
    private final @Nullable Duration affinity;

    Compilation(ServiceReading service, Collection<EndpointSlice> slices, Set<IpAddress> granted, ClusterFacts facts) {
        this.service = service;
        this.slices = slices;
        this.facts = facts;
        this.affinity = affinity();
        this.balancerAddresses = balancerAddresses(granted);
    }

    Desired result() {
        Map<String, Long> ready = new LinkedHashMap<>();
        for (ServicePort port : service.ports()) {
            Optional<Transport> transport = Endpoints.transport(port.getProtocol())
                    .filter(facts.abilities().transports()::contains);
            if (transport.isEmpty()) {
                refuse(
                        Reason.ProtocolNotSupported,
                        "port %d: the network does not balance %s".formatted(port.getPort(), port.getProtocol()));
            } else {
                addPort(port, transport.get());
                readyOn(port, transport.get()).forEach((node, count) -> ready.merge(node, count, Math::max));
            }
        }
        Integer health = service.healthCheckNodePort();
        if (health != null) {
            refuse(
                    Reason.HealthCheckNodePortNotServed,
                    "no node answers at health check port %d: the gateway itself picks live endpoints"
                            .formatted(health));
        }
        return new Desired(
                true,
                List.copyOf(listeners.values()),
                refusals,
                service.isLoadBalancerOfOurs() && !isClosedOutside()
                        ? new Desired.External(
                                Optional.ofNullable(service.requestedAddress()).flatMap(this::address))
                        : null,
                health == null ? null : new Desired.HealthCheck(health, ready));
    }

    private void refuse(Reason reason, String message) {
        refusals.add(new Refusal(reason, message));
    }

    private @Nullable Duration affinity() {
        Optional<Duration> wanted = service.affinity();
        Duration longest = facts.abilities().longestAffinity();
        if (wanted.isEmpty()) {
            return null;
        }
        if (longest == null) {
            refuse(
                    Reason.SessionAffinityNotSupported,
                    "the network has no session affinity: a client may get any endpoint");
            return null;
        }
        if (wanted.get().compareTo(longest) > 0) {
            refuse(
                    Reason.AffinityShortened,
                    "the network remembers a client for %d s at most, not %d s"
                            .formatted(longest.toSeconds(), wanted.get().toSeconds()));
            return longest;
        }
        return wanted.get();
    }

    /** A network that leads its own address to all listeners opens them for everyone, or not at all. */
    private boolean isClosedOutside() {
        if (!facts.abilities().givesOutside()
                || facts.abilities().sources()
                || service.sourceRanges().isEmpty()) {
            return false;
        }
        refuse(
                Reason.SourceRangesNotSupported,
                "it has no address for the outside: the network cannot limit who uses it");
        return true;
    }

    private Set<IpAddress> balancerAddresses(Set<IpAddress> granted) {
        if (service.isLoadBalancerOfOurs()) {
            return granted;
        }
        Set<IpAddress> others = new LinkedHashSet<>();
        if (service.isLoadBalancer()) {
            service.foreignIngress().forEach(text -> address(text).ifPresent(others::add));
        }
        return others;
    }

    /** Empty, and refused, for what no listener can have. */
    private Optional<IpAddress> address(String text) {
        Optional<IpAddress> address = Endpoints.parse(text);
        if (address.isEmpty()) {
            refuse(Reason.MalformedAddress, "'%s' is no address".formatted(text));
        } else if (!facts.hasFamily(address.get().family())) {
            refuse(
                    Reason.AddressFamilyNotSupported,
                    "%s is not served: the cluster's pods have no addresses of its family".formatted(address.get()));
            return Optional.empty();
        }
        return address;
    }

    private Endpoints endpoints(ServicePort port, Transport transport, IpAddress.Family family) {
        return Endpoints.of(slices, Objects.requireNonNullElse(port.getName(), ""), transport, family);
    }

    private Map<String, Long> readyOn(ServicePort port, Transport transport) {
        Map<String, Long> ready = new LinkedHashMap<>();
        for (IpAddress.Family family : IpAddress.Family.values()) {
            endpoints(port, transport, family)
                    .readyOnNodes()
                    .forEach((node, count) -> ready.merge(node, count, Long::sum));
        }
        return ready;
    }

    /** One port of the Service in one family of addresses. */
    private final class Backends {
        private final Transport transport;
        private final Endpoints endpoints;
        private final Pool anywhere;
        private final Pool onTheirNodes;

        private Backends(ServicePort port, Transport transport, IpAddress.Family family) {
            this.transport = transport;
            this.endpoints = endpoints(port, transport, family);
            String name = "%s-%d%s"
                    .formatted(
                            transport.name().toLowerCase(java.util.Locale.ROOT),
                            port.getPort(),
                            family == IpAddress.Family.IPV6 ? "-v6" : "");
            this.anywhere = pool(name, endpoints.usable());
            this.onTheirNodes = pool(name + "-local", endpoints.usableOnTheirNodes());
        }

        private Pool pool(String name, List<Endpoints.One> members) {
            return new Pool(name, members.stream().map(one -> one.member(facts)).toList());
        }

        private void serve(IpAddress address, int port, Reach reach, List<Cidr> sources) {
            add(address, port, reach, Spread.ANYWHERE, OnEmpty.REFUSE, sources, anywhere);
        }

        private void lose(IpAddress address, int port, Reach reach) {
            Pool none = new Pool(anywhere.name() + "-none", List.<Member>of());
            add(address, port, reach, Spread.ANYWHERE, OnEmpty.DROP, List.of(), none);
        }

        private void serveOnOwnNode(IpAddress address, int port) {
            if (endpoints.isEmpty()) {
                serve(address, port, Reach.INSIDE, List.of());
            } else if (onTheirNodes.members().stream().allMatch(member -> member.node() == null)) {
                lose(address, port, Reach.INSIDE);
            } else {
                add(address, port, Reach.INSIDE, Spread.SAME_NODE, OnEmpty.DROP, List.of(), onTheirNodes);
            }
        }

        private void add(
                IpAddress address,
                int port,
                Reach reach,
                Spread spread,
                OnEmpty onEmpty,
                List<Cidr> sources,
                Pool pool) {
            if (pool.members().isEmpty()
                    && onEmpty == OnEmpty.REFUSE
                    && !facts.abilities().refuses()) {
                refuse(
                        Reason.RefusingNotSupported,
                        "there is no endpoint, and the network cannot refuse connections: they are lost");
            }
            Frontend frontend = new Frontend(address, transport, port, reach);
            listeners.putIfAbsent(frontend, new Listener(frontend, spread, onEmpty, affinity, sources, pool));
        }
    }

    private record Families(Backends four, Backends six) {
        private Backends of(IpAddress address) {
            return address.family() == IpAddress.Family.IPV4 ? four : six;
        }
    }

    private void addPort(ServicePort port, Transport transport) {
        Families byFamily = new Families(
                new Backends(port, transport, IpAddress.Family.IPV4),
                new Backends(port, transport, IpAddress.Family.IPV6));
        for (String text : service.clusterAddresses()) {
            address(text).ifPresent(address -> addClusterAddress(address, port.getPort(), byFamily.of(address)));
        }
        balancerAddresses.stream()
                .filter(this::canHave)
                .forEach(address -> addBalancerAddress(address, port.getPort(), byFamily.of(address)));
        for (String text : service.externalAddresses()) {
            address(text).filter(this::canHave).ifPresent(address -> {
                Backends backends = byFamily.of(address);
                backends.serve(address, port.getPort(), Reach.INSIDE, List.of());
                backends.serve(address, port.getPort(), Reach.OUTSIDE, List.of());
            });
        }
        Integer nodePort = port.getNodePort();
        if (service.hasNodePorts() && nodePort != null && nodePort > 0) {
            addNodePort(nodePort, byFamily);
        }
    }

    /** Besides cluster addresses, which every network has. */
    private boolean canHave(IpAddress address) {
        if (!facts.abilities().anyAddress()) {
            refuse(
                    Reason.ExternalAddressNotSupported,
                    "%s is not served: the network balances addresses of its own only".formatted(address));
        }
        return facts.abilities().anyAddress();
    }

    private void addClusterAddress(IpAddress address, int port, Backends backends) {
        if (!service.isInternalLocal()) {
            backends.serve(address, port, Reach.INSIDE, List.of());
        } else if (facts.abilities().sameNode()) {
            backends.serveOnOwnNode(address, port);
        } else {
            refuse(
                    Reason.InternalTrafficPolicyNotSupported,
                    "%s is not served: the network cannot bind clients to endpoints on their own node"
                            .formatted(address));
        }
        if (facts.clusterAddressesOutside()) {
            backends.serve(address, port, Reach.OUTSIDE, List.of());
        }
    }

    private void addBalancerAddress(IpAddress address, int port, Backends backends) {
        Optional<List<Cidr>> ranges = ranges(address.family());
        if (ranges.isEmpty()) {
            backends.lose(address, port, Reach.INSIDE);
            return;
        }
        List<Cidr> sources = ranges.get();
        if (admitsPods(sources, address.family())) {
            backends.serve(address, port, Reach.INSIDE, List.of());
        } else {
            backends.lose(address, port, Reach.INSIDE);
        }
        if (sources.isEmpty() || facts.abilities().sources()) {
            backends.serve(address, port, Reach.OUTSIDE, sources);
        } else {
            refuse(
                    Reason.SourceRangesNotSupported,
                    "%s is closed to the outside: the network cannot limit who uses it".formatted(address));
        }
    }

    /** Empty where one cannot be read: then nobody is let in. An empty list admits everybody. */
    private Optional<List<Cidr>> ranges(IpAddress.Family family) {
        List<Cidr> all = new ArrayList<>();
        for (String text : service.sourceRanges()) {
            try {
                Cidr range = lenient(text);
                if (range.family() == family) {
                    all.add(range);
                }
            } catch (Malformed | NumberFormatException e) {
                refuse(
                        Reason.SourceRangesNotSupported,
                        "closed to everybody: source range '%s' cannot be read".formatted(text));
                return Optional.empty();
            }
        }
        if (all.isEmpty() && !service.sourceRanges().isEmpty()) {
            refuse(Reason.SourceRangesNotSupported, "closed to everybody: no source range is of its family");
            return Optional.empty();
        }
        return Optional.of(all);
    }

    /** As Kubernetes reads it: bits behind the prefix do not count. */
    private static Cidr lenient(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new Malformed("no prefix length");
        }
        return Cidr.around(IpAddress.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    private boolean admitsPods(List<Cidr> sources, IpAddress.Family family) {
        if (sources.isEmpty()) {
            return true;
        }
        List<Cidr> pods = facts.podCidrs().stream()
                .filter(cidr -> cidr.family() == family)
                .toList();
        boolean all = pods.stream().allMatch(block -> sources.stream().anyMatch(range -> range.contains(block)));
        boolean some = pods.stream().anyMatch(block -> sources.stream().anyMatch(range -> range.overlaps(block)));
        if (some && !all) {
            refuse(
                    Reason.SourceRangesNotSupported,
                    "closed to pods: the source ranges admit some of the cluster's pods and not all");
        }
        return all;
    }

    private void addNodePort(int port, Families byFamily) {
        if (!facts.abilities().anyAddress()) {
            refuse(
                    Reason.NodePortNotSupported,
                    "node port %d is not served: the network does not balance nodes' addresses".formatted(port));
            return;
        }
        Stream.concat(
                        facts.nodes().values().stream().flatMap(node -> node.addresses().stream()),
                        facts.nodePortAddresses().stream())
                .forEach(address -> byFamily.of(address).serve(address, port, Reach.INSIDE, List.of()));
        facts.nodePortAddresses()
                .forEach(address -> byFamily.of(address).serve(address, port, Reach.OUTSIDE, List.of()));
        if (facts.nodePortAddresses().isEmpty()) {
            refuse(
                    Reason.NodePortNotOutside,
                    "node port %d is served to pods alone: the cluster has no address for node ports at its gateway"
                            .formatted(port));
        }
    }
}
