package io.portolan.sdn.neutron;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.neutron.BalancerReading.Next;
import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.LoadBalancer;
import io.portolan.sdn.neutron.Found.Member;
import io.portolan.sdn.neutron.Found.Pool;
import io.portolan.sdn.neutron.WantedBalancer.Backend;
import io.portolan.sdn.neutron.WantedBalancer.Place;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One balancer's way to what it should be: look, decide, one call, look again, for as long as one call of the seam may take.
 * All that is known is what Octavia shows, so that it does not matter who died where before.
 *
 * <p>It is a little longer than most because each of Octavia's moods is answered here, and nowhere else.
 */
record Balancing(
        NeutronApi neutron,
        NeutronApi octavia,
        Mark mark,
        ServicesNetwork services,
        FloatingIps floating,
        MemberSubnets subnets,
        StandingPools standing,
        Patience patience) {
    private static final String PROVIDER = "ovn";
    private static final String ALGORITHM = "SOURCE_IP_PORT";
    private static final String VIP_PORT = "ovn-lb-vip-";
    private static final long SHORTEST_PAUSE = 20_000_000;
    private static final long LONGEST_PAUSE = 200_000_000;

    /** How one look went. */
    private sealed interface Step {
        record Wrote(Ensured what) implements Step {}

        record Wait(String why) implements Step {}

        /** Where there is none, none is wanted. */
        record Right(Optional<LoadBalancer> balancer) implements Step {}
    }

    /** Pauses grow with the time that it has taken so far. */
    private Optional<Settled> waited(String why, long until) {
        long left = until - System.nanoTime();
        if (left < 0) {
            return Optional.of(new Settled.Pending(why));
        }
        long spent = patience.call().toNanos() - left;
        LockSupport.parkNanos(Math.clamp(spent / 4, SHORTEST_PAUSE, LONGEST_PAUSE));
        return Optional.empty();
    }

    Settled ensure(WantedBalancer wanted) {
        long until = System.nanoTime() + patience.call().toNanos();
        dismiss(wanted);
        while (true) {
            Optional<Settled> settled = switch (step(wanted)) {
                case Step.Right(Optional<LoadBalancer> balancer) -> Optional.of(right(wanted, balancer));
                case Step.Wait(String why) -> waited(why, until);
                case Step.Wrote(Ensured what) -> {
                    patience.wrote(wanted.id(), what);
                    yield System.nanoTime() > until
                            ? Optional.of(new Settled.Pending("not all of it is written yet"))
                            : Optional.empty();
                }
            };
            if (settled.isPresent()) {
                return settled.get();
            }
        }
    }

    /** What goes wrong here is found out by the look that follows. */
    private void dismiss(WantedBalancer wanted) {
        for (StandingPools.Standing left : standing.shrunk(wanted)) {
            List<Map<String, Object>> members = new ArrayList<>();
            left.subnets().forEach((backend, subnet) -> members.add(member(backend, subnet)));
            if (octavia.putBelow(Kind.POOL, left.pool(), Kind.MEMBER, members).ok()) {
                patience.wrote(wanted.id(), Ensured.MENDED);
            }
        }
    }

    private static Map<String, Object> member(Backend backend, String subnet) {
        return Body.fields(
                "address",
                backend.address(),
                "protocol_port",
                backend.port(),
                "subnet_id",
                subnet,
                "admin_state_up",
                true);
    }

    private Settled right(WantedBalancer wanted, Optional<LoadBalancer> balancer) {
        String vipPort = balancer.map(LoadBalancer::vipPortId).orElse(null);
        if (vipPort == null) {
            if (floating.delete(wanted.id())) {
                patience.wrote(wanted.id(), Ensured.MENDED);
            }
            return new Settled.Done(patience.finished(wanted.id()));
        }
        Optional<String> router = wanted.outside() == null ? Optional.empty() : place().router();
        FloatingIps.Given given = floating.ensure(wanted.id(), wanted.name(), wanted.outside(), vipPort, router);
        if (given.changed()) {
            patience.wrote(wanted.id(), Ensured.MENDED);
        }
        return new Settled.Done(patience.finished(wanted.id()), given.address(), given.closed());
    }

    private List<LoadBalancer> found(LoadBalancerId id) {
        return octavia.ours(Kind.BALANCER, "description", List.of(mark.balancer(id))).stream()
                .filter(balancer -> !balancer.provisioningStatus().equals("DELETED"))
                .sorted(Comparator.comparing((LoadBalancer balancer) -> String.valueOf(balancer.createdAt()))
                        .thenComparing(LoadBalancer::id))
                .toList();
    }

    private Step step(WantedBalancer wanted) {
        List<LoadBalancer> others = new ArrayList<>(found(wanted.id()));
        IpAddress vip = wanted.vip();
        Optional<LoadBalancer> keep = others.stream()
                .filter(each -> vip != null && each.vipAddress().equals(vip.toString()) && !each.isGoing())
                .findFirst();
        keep.ifPresent(others::remove);
        for (LoadBalancer other : others) {
            if (!other.isPending() && remove(other)) {
                return new Step.Wrote(Ensured.MENDED);
            }
        }
        if (keep.isPresent()) {
            return carriedOut(wanted, keep.get());
        }
        if (!others.isEmpty()) {
            return new Step.Wait(
                    "what was there before is in " + others.getFirst().provisioningStatus());
        }
        return vip == null ? new Step.Right(Optional.empty()) : make(wanted, vip);
    }

    /** Answers whether it was taken on. */
    private boolean remove(LoadBalancer balancer) {
        Answer answer = octavia.delete(Kind.BALANCER, balancer.id(), Query.by("cascade", "true"));
        if (answer.immutable() || answer.missing()) {
            return false;
        }
        answer.orThrow();
        return true;
    }

    private BalancerReading read(LoadBalancer balancer, Function<Pool, List<Member>> members) {
        boolean settled = balancer.isActive();
        Query ofBalancer = Query.by("loadbalancer_id", balancer.id());
        String port = balancer.vipPortId();
        return new BalancerReading(
                balancer,
                !settled || (port != null && neutron.find(Kind.PORT, port).isPresent()),
                settled ? octavia.list(Kind.LISTENER, ofBalancer) : List.of(),
                settled ? octavia.list(Kind.POOL, ofBalancer) : List.of(),
                members);
    }

    private Step carriedOut(WantedBalancer wanted, LoadBalancer balancer) {
        Map<String, List<Member>> members = new HashMap<>();
        BalancerReading reading = read(
                balancer,
                pool -> members.computeIfAbsent(pool.id(), id -> octavia.listBelow(Kind.POOL, id, Kind.MEMBER)));
        return switch (reading.next(wanted)) {
            case Next.Nothing() -> {
                standing.right(wanted, standing(reading, wanted, members));
                yield new Step.Right(Optional.of(balancer));
            }
            case Next.Wait(String why, Optional<Next.Push> stuck) -> {
                if (stuck.isPresent() && patience.lasts(stuck.get().id(), patience.stuck())) {
                    patience.forget(stuck.get().id());
                    yield wrote(push(stuck.get()), Ensured.MENDED);
                }
                yield new Step.Wait(why);
            }
            case Next.Remake(String why) -> remake(wanted, balancer, why);
            case Next.Enable enable ->
                wrote(octavia.put(enable.kind(), enable.id(), Body.fields("admin_state_up", true)), Ensured.MENDED);
            case Next.Remove gone -> wrote(octavia.delete(gone.kind(), gone.id()), Ensured.MENDED);
            case Next.RemoveMember gone ->
                wrote(octavia.deleteBelow(Kind.POOL, gone.pool(), Kind.MEMBER, gone.id()), Ensured.MENDED);
            case Next.MakePool pool -> {
                Map<String, Object> fields = Body.fields(
                        "name",
                        pool.place().toString(),
                        "protocol",
                        pool.place().protocol(),
                        "lb_algorithm",
                        ALGORITHM);
                pool.listener()
                        .ifPresentOrElse(
                                id -> fields.put("listener_id", id),
                                () -> fields.put("loadbalancer_id", balancer.id()));
                yield wrote(octavia.create(Kind.POOL, fields), Ensured.MENDED);
            }
            case Next.MakeListener listener ->
                wrote(
                        octavia.create(
                                Kind.LISTENER,
                                Body.fields(
                                        "name",
                                        listener.place().toString(),
                                        "loadbalancer_id",
                                        balancer.id(),
                                        "protocol",
                                        listener.place().protocol(),
                                        "protocol_port",
                                        listener.place().port(),
                                        "default_pool_id",
                                        listener.pool())),
                        Ensured.MENDED);
            case Next.SetMembers set ->
                wrote(
                        octavia.putBelow(Kind.POOL, set.pool().id(), Kind.MEMBER, members(set.there(), set.wanted())),
                        Ensured.MENDED);
        };
    }

    /** A balancer that is busy takes nothing, and one that is gone will be seen to be. */
    private static Step wrote(Answer answer, Ensured what) {
        if (answer.immutable() || answer.missing()) {
            return new Step.Wait("%s was answered with %d".formatted(answer.call(), answer.status()));
        }
        answer.orThrow();
        return new Step.Wrote(what);
    }

    /** Without those pools of whose members Octavia does not say the subnet. */
    private static Map<Place, StandingPools.Standing> standing(
            BalancerReading reading, WantedBalancer wanted, Map<String, List<Member>> members) {
        Map<Place, StandingPools.Standing> all = new HashMap<>();
        reading.pools(wanted).forEach((place, pool) -> {
            Map<Backend, String> subnets = new HashMap<>();
            List<Member> there = members.getOrDefault(pool, List.of());
            there.forEach(member -> {
                if (member.subnetId() != null) {
                    subnets.put(new Backend(member.address(), member.protocolPort()), member.subnetId());
                }
            });
            if (subnets.size() == there.size()) {
                all.put(place, new StandingPools.Standing(pool, Map.copyOf(subnets)));
            }
        });
        return all;
    }

    private Answer push(Next.Push push) {
        Map<String, Object> same = Body.fields("admin_state_up", true);
        return push.pool().isPresent()
                ? octavia.putBelow(Kind.POOL, push.pool().get(), push.kind(), push.id(), same)
                : octavia.put(push.kind(), push.id(), same);
    }

    /** Deletes what bears our mark; the next look finds nothing and makes it, with the same address. */
    private Step remake(WantedBalancer wanted, LoadBalancer balancer, String why) {
        Optional<Duration> rest = patience.rest(wanted.id());
        if (rest.isPresent()) {
            return new Step.Wait(
                    "%s; it is made anew in %d s".formatted(why, rest.get().toSeconds() + 1));
        }
        if (!remove(balancer)) {
            return new Step.Wait(why);
        }
        patience.remade(wanted.id());
        return new Step.Wrote(Ensured.MENDED);
    }

    private ServicesNetwork.Place place() {
        return services.find()
                .orElseThrow(() -> new Refused(
                        Reason.NOT_FOUND, "the cluster has no network for Services: it needs a serviceCidr"));
    }

    private Step make(WantedBalancer wanted, IpAddress vip) {
        ServicesNetwork.Place place = place();
        if (!place.cidr().contains(vip)) {
            throw new Refused(
                    Reason.NOT_SUPPORTED,
                    "%s cannot be at %s, which is not in the Services' subnet %s"
                            .formatted(wanted.name(), vip, place.cidr()));
        }
        List<Object> listeners = new ArrayList<>();
        for (WantedBalancer.Listener each : wanted.listeners()) {
            listeners.add(Body.fields(
                    "name",
                    each.place().toString(),
                    "protocol",
                    each.place().protocol(),
                    "protocol_port",
                    each.place().port(),
                    "default_pool",
                    Body.fields(
                            "name",
                            each.place().toString(),
                            "protocol",
                            each.place().protocol(),
                            "lb_algorithm",
                            ALGORITHM,
                            "members",
                            members(List.of(), each.members()))));
        }
        Answer answer = octavia.create(
                Kind.BALANCER,
                Body.fields(
                        "name",
                        wanted.name(),
                        "description",
                        mark.balancer(wanted.id()),
                        "provider",
                        PROVIDER,
                        "vip_subnet_id",
                        place.subnet(),
                        "vip_address",
                        vip.toString(),
                        "listeners",
                        listeners));
        if (answer.ok()) {
            return new Step.Wrote(Ensured.MADE);
        }
        if (answer.missing()) {
            subnets.forget();
        }
        return answer.status() >= 500 || answer.status() == 409 ? taken(answer, vip, place) : refused(answer);
    }

    private static Step refused(Answer answer) {
        answer.orThrow();
        throw new IllegalStateException("refused, and fine: " + answer.call());
    }

    /** Octavia says <em>500</em> where the address is taken; who has it says what that means. */
    private Step taken(Answer answer, IpAddress vip, ServicesNetwork.Place place) {
        Optional<Found.Port> holder = neutron.list(Kind.PORT, Query.by("network_id", place.network())).stream()
                .filter(port -> port.addresses().contains(vip.toString()))
                .findFirst();
        if (holder.isEmpty()) {
            return refused(answer);
        }
        Found.Port port = holder.get();
        String name = String.valueOf(port.name());
        Optional<LoadBalancer> owner = name.startsWith(VIP_PORT)
                ? octavia.find(Kind.BALANCER, name.substring(VIP_PORT.length()))
                : Optional.empty();
        if (owner.isEmpty() && name.startsWith(VIP_PORT)) {
            if (!patience.lasts(port.id(), patience.leaked())) {
                return new Step.Wait("port %s has %s for a balancer that is not there (yet)".formatted(port.id(), vip));
            }
            patience.forget(port.id());
            Answer gone = neutron.delete(Kind.PORT, port.id());
            return gone.missing() ? new Step.Wait("its address is being freed") : wrote(gone, Ensured.MENDED);
        }
        if (owner.filter(each -> mark.read(each, Mark.Kind.BALANCER).isPresent())
                .isPresent()) {
            return new Step.Wait(
                    "balancer %s has %s still".formatted(owner.get().id(), vip));
        }
        throw new Refused(
                Reason.CONFLICT,
                "%s is taken: port %s (%s) has it".formatted(vip, port.id(), name.isEmpty() ? "without a name" : name));
    }

    /** Those that are there stay exactly as they are, or OVN's provider makes them anew. */
    private List<Map<String, Object>> members(List<Member> there, Map<Backend, Optional<String>> wanted) {
        Map<Backend, Member> known = new HashMap<>();
        there.forEach(each -> known.put(new Backend(each.address(), each.protocolPort()), each));
        ServicesNetwork.Place place = place();
        List<Map<String, Object>> all = new ArrayList<>();
        wanted.forEach((backend, asked) -> {
            Member member = known.get(backend);
            String subnet = member != null && member.subnetId() != null
                    ? member.subnetId()
                    : asked.or(() -> place.router().flatMap(router -> subnets.of(backend.address(), router)))
                            .orElse(place.subnet());
            all.add(member(backend, Objects.requireNonNull(subnet)));
        });
        return all;
    }

    Settled delete(LoadBalancerId id) {
        long until = System.nanoTime() + patience.call().toNanos();
        while (true) {
            if (floating.delete(id)) {
                patience.wrote(id, Ensured.MENDED);
            }
            List<LoadBalancer> left = found(id);
            if (left.isEmpty()) {
                return new Settled.Done(
                        patience.finished(id) == Ensured.UNCHANGED ? Ensured.UNCHANGED : Ensured.MENDED);
            }
            for (LoadBalancer each : left) {
                if (!each.isPending() && remove(each)) {
                    patience.wrote(id, Ensured.MENDED);
                }
            }
            String states = left.stream().map(LoadBalancer::provisioningStatus).collect(Collectors.joining(", "));
            Optional<Settled> settled = waited("it is being deleted: " + states, until);
            if (settled.isPresent()) {
                return settled.get();
            }
        }
    }
}
