package io.portolan.sdn.neutron;

import io.portolan.sdn.neutron.Found.Kind;
import io.portolan.sdn.neutron.Found.Listener;
import io.portolan.sdn.neutron.Found.LoadBalancer;
import io.portolan.sdn.neutron.Found.Member;
import io.portolan.sdn.neutron.Found.Pool;
import io.portolan.sdn.neutron.Found.Provisioned;
import io.portolan.sdn.neutron.WantedBalancer.Backend;
import io.portolan.sdn.neutron.WantedBalancer.Place;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A balancer as it was found, and what is to be done next to make it as wanted. It decides, and does nothing: the same
 * decision tells an audit what is right.
 *
 * <p>Octavia takes one change of a balancer at a time, so there is one next thing; whoever did it looks again.
 *
 * @param vipPort whether the port that has the balancer's address is still there
 * @param members of a pool, asked for only where they matter
 */
record BalancerReading(
        LoadBalancer balancer,
        boolean vipPort,
        List<Listener> listeners,
        List<Pool> pools,
        Function<Pool, List<Member>> members) {
    /** The next thing to do. */
    sealed interface Next {
        /** Nothing. */
        record Nothing() implements Next {}

        /**
         * Octavia is at something.
         *
         * @param stuck what might have to be pushed, where the balancer itself is not busy
         */
        record Wait(String why, Optional<Push> stuck) implements Next {}

        /** An update that changes nothing, which makes Octavia look at it again. */
        record Push(Kind<? extends Provisioned> kind, String id, Optional<String> pool) {}

        /** To be made anew, with the same address. */
        record Remake(String why) implements Next {}

        record Enable(Kind<? extends Provisioned> kind, String id) implements Next {}

        record Remove(Kind<? extends Provisioned> kind, String id) implements Next {}

        record RemoveMember(String pool, String id) implements Next {}

        record MakePool(Place place, Optional<String> listener) implements Next {}

        record MakeListener(Place place, String pool) implements Next {}

        record SetMembers(Pool pool, List<Member> there, Map<Backend, Optional<String>> wanted) implements Next {}
    }

    Next next(WantedBalancer wanted) {
        if (balancer.isError()) {
            return new Next.Remake("it is in ERROR");
        }
        if (balancer.isPending()) {
            return new Next.Wait("it is in " + balancer.provisioningStatus(), Optional.empty());
        }
        if (!vipPort) {
            return new Next.Remake("the port of its address is gone");
        }
        if (!balancer.adminStateUp()) {
            return new Next.Enable(Kind.BALANCER, balancer.id());
        }
        Map<Place, WantedBalancer.Listener> places = wanted.byPlace();
        return unsettled(places)
                .or(() -> missing(places))
                .or(() -> superfluous(places))
                .orElseGet(Next.Nothing::new);
    }

    private static Place place(Listener listener) {
        return new Place(listener.protocol(), listener.protocolPort());
    }

    /** What failed is made anew, what nobody wants goes; what is under way is waited for. */
    private Optional<Next> unsettled(Map<Place, WantedBalancer.Listener> places) {
        for (Listener listener : listeners) {
            if (listener.isPending()) {
                return waiting(Kind.LISTENER, listener, "listener " + place(listener));
            }
            if (listener.isError() || !places.containsKey(place(listener))) {
                return Optional.of(new Next.Remove(Kind.LISTENER, listener.id()));
            }
        }
        for (Pool pool : pools) {
            if (pool.isPending()) {
                return waiting(Kind.POOL, pool, "pool " + pool.name());
            }
            if (pool.isError()) {
                return Optional.of(new Next.Remove(Kind.POOL, pool.id()));
            }
        }
        return Optional.empty();
    }

    private static Optional<Next> waiting(Kind<? extends Provisioned> kind, Provisioned what, String called) {
        return Optional.of(new Next.Wait(
                "%s is in %s".formatted(called, what.provisioningStatus()),
                Optional.of(new Next.Push(kind, what.id(), Optional.empty()))));
    }

    private Optional<Pool> poolOf(Place place) {
        Optional<String> used = listenerAt(place).map(Listener::defaultPoolId);
        return pools.stream()
                .filter(pool -> pool.protocol().equals(place.protocol()))
                .filter(pool -> used.map(pool.id()::equals)
                        .orElseGet(() ->
                                listenerAt(place).isEmpty() && place.toString().equals(pool.name())))
                .findFirst();
    }

    /** The pool of each place that is wanted and there. */
    Map<Place, String> pools(WantedBalancer wanted) {
        Map<Place, String> all = new HashMap<>();
        wanted.byPlace().keySet().forEach(place -> poolOf(place).ifPresent(pool -> all.put(place, pool.id())));
        return all;
    }

    private Optional<Listener> listenerAt(Place place) {
        return listeners.stream().filter(each -> place(each).equals(place)).findFirst();
    }

    private Optional<Next> missing(Map<Place, WantedBalancer.Listener> places) {
        for (WantedBalancer.Listener each : places.values()) {
            Optional<Listener> listener = listenerAt(each.place());
            Optional<Pool> pool = poolOf(each.place());
            if (pool.isEmpty()) {
                return Optional.of(new Next.MakePool(each.place(), listener.map(Listener::id)));
            }
            Optional<Next> next = members(pool.get(), each);
            if (next.isPresent()) {
                return next;
            }
            if (listener.isEmpty()) {
                return Optional.of(
                        new Next.MakeListener(each.place(), pool.get().id()));
            }
            if (!listener.get().adminStateUp()) {
                return Optional.of(new Next.Enable(Kind.LISTENER, listener.get().id()));
            }
            if (!pool.get().adminStateUp()) {
                return Optional.of(new Next.Enable(Kind.POOL, pool.get().id()));
            }
        }
        return Optional.empty();
    }

    private Optional<Next> members(Pool pool, WantedBalancer.Listener wanted) {
        List<Member> there = members.apply(pool);
        Set<Backend> has = new HashSet<>();
        for (Member member : there) {
            if (member.isPending()) {
                return Optional.of(new Next.Wait(
                        "member %s of pool %s is in %s"
                                .formatted(member.address(), pool.name(), member.provisioningStatus()),
                        Optional.of(new Next.Push(Kind.MEMBER, member.id(), Optional.of(pool.id())))));
            }
            if (member.isError()) {
                return Optional.of(new Next.RemoveMember(pool.id(), member.id()));
            }
            if (member.adminStateUp()) {
                has.add(new Backend(member.address(), member.protocolPort()));
            }
        }
        return has.equals(wanted.backends())
                ? Optional.empty()
                : Optional.of(new Next.SetMembers(pool, there, wanted.members()));
    }

    private Optional<Next> superfluous(Map<Place, WantedBalancer.Listener> places) {
        Set<String> used = new HashSet<>();
        places.keySet().forEach(place -> poolOf(place).ifPresent(pool -> used.add(pool.id())));
        return pools.stream()
                .map(Pool::id)
                .filter(id -> !used.contains(Objects.requireNonNull(id)))
                .findFirst()
                .map(id -> new Next.Remove(Kind.POOL, id));
    }
}
