package io.portolan.sdn.neutron;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.SdnLoadBalancers;
import io.portolan.sdn.Transport;
import io.portolan.sdn.neutron.BalancerReading.Next;
import io.portolan.sdn.neutron.Found.FloatingIp;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Listener;
import io.portolan.sdn.neutron.Found.LoadBalancer;
import io.portolan.sdn.neutron.Found.Member;
import io.portolan.sdn.neutron.Found.Pool;
import io.portolan.sdn.neutron.Found.Port;
import io.portolan.sdn.neutron.Found.Reference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Octavia's load balancers with OVN's provider, each by itself: Octavia knows no call for several. A cluster's are told by
 * their mark; which cluster addresses they have is Kubernetes' choice.
 */
final class NeutronLoadBalancers implements SdnLoadBalancers {
    private static final Abilities ABILITIES =
            new Abilities(EnumSet.allOf(Transport.class), null, false, false, false, false, true);
    private static final int AT_ONCE = 4;

    private final NeutronApi neutron;
    private final NeutronApi octavia;
    private final Mark mark;
    private final ServicesNetwork services;
    private final FloatingIps floating;
    private final Balancing balancing;
    private final Patience patience;
    private final StandingPools standing = new StandingPools();
    /** A member's address and port never change: one that was read once need not be again. */
    private final Map<String, Member> members = new ConcurrentHashMap<>();

    NeutronLoadBalancers(
            NeutronApi neutron, Mark mark, ServicesNetwork services, NeutronDirectory directory, Patience patience) {
        this.neutron = neutron;
        this.octavia = neutron.octavia();
        this.mark = mark;
        this.services = services;
        this.floating = new FloatingIps(neutron, mark);
        this.patience = patience;
        this.balancing = new Balancing(
                neutron, octavia, mark, services, floating, new MemberSubnets(directory), standing, patience);
    }

    @Override
    public Abilities abilities() {
        return ABILITIES;
    }

    @Override
    public int batch() {
        return 1;
    }

    @Override
    public Map<LoadBalancerId, Settled> ensure(Collection<LoadBalancerSpec> specs) {
        Map<LoadBalancerId, Supplier<Settled>> work = new HashMap<>();
        specs.forEach(spec -> work.put(spec.id(), () -> balancing.ensure(WantedBalancer.of(spec))));
        return each(work);
    }

    @Override
    public Map<LoadBalancerId, Settled> delete(Collection<LoadBalancerId> ids) {
        Map<LoadBalancerId, Supplier<Settled>> work = new HashMap<>();
        ids.forEach(id -> work.put(id, () -> balancing.delete(id)));
        return each(work);
    }

    /** A few at a time; one that is alone needs no thread. */
    private static Map<LoadBalancerId, Settled> each(Map<LoadBalancerId, Supplier<Settled>> work) {
        Map<LoadBalancerId, Settled> all = new HashMap<>();
        if (work.size() == 1) {
            work.forEach((id, one) -> all.put(id, settled(id, one)));
            return all;
        }
        Semaphore turns = new Semaphore(AT_ONCE);
        Map<LoadBalancerId, Future<Settled>> futures = new HashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            work.forEach((id, one) -> futures.put(id, threads.submit(() -> {
                turns.acquire();
                try {
                    return settled(id, one);
                } finally {
                    turns.release();
                }
            })));
        }
        futures.forEach((id, future) -> all.put(id, outcome(future)));
        return all;
    }

    private static Settled outcome(Future<Settled> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            return new Settled.Failed(new Unavailable("a balancer was not written: " + e.getMessage(), e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Settled.Failed(new Unavailable("interrupted", e));
        }
    }

    private static Settled settled(LoadBalancerId id, Supplier<Settled> work) {
        try {
            return Overtaken.settle("balancer " + id, work);
        } catch (SdnFailure e) {
            return new Settled.Failed(e);
        }
    }

    /** All of the project at once, as far as Octavia lists it so; members only of pools that have some we have not seen. */
    private final class Look {
        private final Map<LoadBalancerId, List<LoadBalancer>> balancers;
        private final Map<String, List<Listener>> listeners;
        private final Map<String, List<Pool>> pools;
        private final Set<String> ports;
        private final List<FloatingIp> floatingIps;

        private Look() {
            Query ofProject = Query.by("project_id", neutron.project());
            balancers = octavia.list(Kind.BALANCER, ofProject).stream()
                    .filter(each -> !each.provisioningStatus().equals("DELETED"))
                    .flatMap(each -> mark.read(each, Mark.Kind.BALANCER).stream()
                            .map(key -> Map.entry(new LoadBalancerId(key.id()), each)))
                    .collect(groupingBy(
                            Map.Entry::getKey,
                            java.util.stream.Collectors.mapping(
                                    Map.Entry::getValue, java.util.stream.Collectors.toList())));
            listeners = byBalancer(octavia.list(Kind.LISTENER, ofProject), Listener::loadbalancers);
            pools = byBalancer(octavia.list(Kind.POOL, ofProject), Pool::loadbalancers);
            ports = services.find()
                    .map(place -> neutron.list(Kind.PORT, Query.by("network_id", place.network())).stream()
                            .map(Port::id)
                            .collect(toSet()))
                    .orElse(Set.of());
            floatingIps = neutron.list(Kind.FLOATING_IP, ofProject);
        }

        private static <T> Map<String, List<T>> byBalancer(List<T> all, Function<T, List<Reference>> balancers) {
            Map<String, List<T>> by = new HashMap<>();
            for (T each : all) {
                balancers
                        .apply(each)
                        .forEach(balancer -> by.computeIfAbsent(balancer.id(), id -> new ArrayList<>())
                                .add(each));
            }
            return by;
        }

        private Set<LoadBalancerId> there() {
            return Stream.concat(
                            balancers.keySet().stream(),
                            floatingIps.stream()
                                    .flatMap(each -> mark.read(each, Mark.Kind.FLOATING).stream()
                                            .map(key -> new LoadBalancerId(key.id()))))
                    .collect(toSet());
        }

        private boolean isRight(WantedBalancer wanted) {
            List<LoadBalancer> found = balancers.getOrDefault(wanted.id(), List.of());
            IpAddress vip = wanted.vip();
            if (vip == null) {
                return found.isEmpty();
            }
            if (found.size() != 1 || !found.getFirst().vipAddress().equals(vip.toString())) {
                return false;
            }
            LoadBalancer one = found.getFirst();
            String port = one.vipPortId();
            BalancerReading reading = new BalancerReading(
                    one,
                    port != null && ports.contains(port),
                    listeners.getOrDefault(one.id(), List.of()),
                    pools.getOrDefault(one.id(), List.of()),
                    this::members);
            return reading.next(wanted) instanceof Next.Nothing
                    && floating.right(wanted.id(), wanted.outside(), port, floatingIps);
        }

        private List<Member> members(Pool pool) {
            Set<String> ids = pool.members().stream().map(Reference::id).collect(toSet());
            if (!members.keySet().containsAll(ids)) {
                octavia.listBelow(Kind.POOL, pool.id(), Kind.MEMBER).forEach(member -> {
                    if (member.isActive() && member.adminStateUp()) {
                        members.put(member.id(), member);
                    }
                });
            }
            return ids.stream()
                    .flatMap(id -> Optional.ofNullable(members.get(id)).stream())
                    .toList();
        }

        private Optional<IpAddress> outside(LoadBalancerId id) {
            return balancers.getOrDefault(id, List.of()).stream()
                    .flatMap(each -> floatingIps.stream()
                            .filter(ip -> ip.portId() != null && ip.portId().equals(each.vipPortId())))
                    .map(ip -> IpAddress.parse(ip.floatingIpAddress()))
                    .findFirst();
        }
    }

    @Override
    public Audit audit(Collection<LoadBalancerSpec> wanted) {
        Look look = new Look();
        Set<LoadBalancerId> right = new HashSet<>();
        Map<LoadBalancerId, IpAddress> outside = new HashMap<>();
        for (LoadBalancerSpec spec : wanted) {
            if (isRight(look, spec)) {
                right.add(spec.id());
                look.outside(spec.id()).ifPresent(address -> outside.put(spec.id(), address));
            }
        }
        Set<String> there = look.pools.values().stream()
                .flatMap(List::stream)
                .flatMap(pool -> pool.members().stream())
                .map(Reference::id)
                .collect(toSet());
        members.keySet().retainAll(there);
        patience.keepOnly(look.there());
        standing.keepOnly(look.there());
        return new Audit(right, look.there(), outside);
    }

    /** What cannot be is not right; who ensures it is told why. */
    private static boolean isRight(Look look, LoadBalancerSpec spec) {
        try {
            return look.isRight(WantedBalancer.of(spec));
        } catch (SdnFailure.Refused e) {
            return false;
        }
    }
}
