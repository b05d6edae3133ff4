package io.portolan.sdn.neutron;

import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.neutron.WantedBalancer.Backend;
import io.portolan.sdn.neutron.WantedBalancer.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which members each pool of a balancer had when the balancer was seen to be right: who only loses some can lose them by one
 * call, before anybody looks again. A backend that is gone gets connections until then, and a look costs Octavia five calls.
 * What is remembered here is forgotten without harm.
 */
final class StandingPools {
    /** @param subnets of its members, as Octavia has them: with another one a member would be made anew */
    record Standing(String pool, Map<Backend, String> subnets) {
        private Standing with(Set<Backend> staying) {
            Map<Backend, String> left = new HashMap<>(subnets);
            left.keySet().retainAll(staying);
            return new Standing(pool, left);
        }
    }

    private record Balancer(@Nullable String vip, Map<Place, Standing> pools) {}

    private final Map<LoadBalancerId, Balancer> right = new ConcurrentHashMap<>();

    void right(WantedBalancer wanted, Map<Place, Standing> pools) {
        if (pools.keySet().equals(wanted.byPlace().keySet())) {
            right.put(wanted.id(), new Balancer(vip(wanted), Map.copyOf(pools)));
        } else {
            right.remove(wanted.id());
        }
    }

    private static @Nullable String vip(WantedBalancer wanted) {
        return wanted.vip() == null ? null : wanted.vip().toString();
    }

    /**
     * Pools with the members that stay, where all that differs is that some go. Whatever it answers is forgotten: who acts on it
     * looks afterwards.
     */
    List<Standing> shrunk(WantedBalancer wanted) {
        Balancer before = right.remove(wanted.id());
        String vip = vip(wanted);
        Map<Place, WantedBalancer.Listener> places = wanted.byPlace();
        if (before == null
                || vip == null
                || !vip.equals(before.vip())
                || places.size() != before.pools().size()) {
            return List.of();
        }
        List<Standing> smaller = new ArrayList<>();
        for (WantedBalancer.Listener listener : places.values()) {
            Standing standing = before.pools().get(listener.place());
            if (standing == null || !standing.subnets().keySet().containsAll(listener.backends())) {
                return List.of();
            }
            if (standing.subnets().size() > listener.backends().size()) {
                smaller.add(standing.with(listener.backends()));
            }
        }
        return smaller;
    }

    void keepOnly(Set<LoadBalancerId> there) {
        right.keySet().retainAll(there);
    }
}
