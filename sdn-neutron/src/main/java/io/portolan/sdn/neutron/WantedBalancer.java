package io.portolan.sdn.neutron;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A balancer as Octavia has them: one address, and at each protocol and port of it a listener with a pool of its own. Inside
 * and outside are the same there, since the router serves both.
 *
 * @param vip null for one without listeners, which there is no need to have
 */
record WantedBalancer(
        LoadBalancerId id,
        String name,
        @Nullable IpAddress vip,
        List<Listener> listeners,
        LoadBalancerSpec.@Nullable Outside outside) {
    /** What a listener is told apart by; its text is its name and its pool's. */
    record Place(String protocol, int port) {
        @Override
        public String toString() {
            return protocol.toLowerCase(Locale.ROOT) + "-" + port;
        }
    }

    record Backend(String address, int port) {}

    /** @param members with the subnets that were asked for, where any were */
    record Listener(Place place, Map<Backend, Optional<String>> members) {
        Set<Backend> backends() {
            return members.keySet();
        }
    }

    static WantedBalancer of(LoadBalancerSpec spec) {
        Map<Place, LoadBalancerSpec.Listener> places = new LinkedHashMap<>();
        IpAddress vip = null;
        for (LoadBalancerSpec.Listener listener : spec.listeners()) {
            IpAddress address = listener.frontend().address();
            if (vip != null && !vip.equals(address)) {
                throw unable(
                        "%s has two addresses, %s and %s; a balancer has one".formatted(spec.name(), vip, address));
            }
            vip = address;
            refuseUnable(spec, listener);
            Place place = new Place(
                    listener.frontend().transport().name(), listener.frontend().port());
            LoadBalancerSpec.Listener other = places.putIfAbsent(place, listener);
            if (other != null && !other.pool().members().equals(listener.pool().members())) {
                throw unable("%s should have other members inside than outside at %s".formatted(spec.name(), place));
            }
        }
        List<Listener> listeners = new ArrayList<>();
        places.forEach((place, listener) ->
                listeners.add(new Listener(place, members(listener.pool().members()))));
        return new WantedBalancer(spec.id(), spec.name(), vip, List.copyOf(listeners), spec.outside());
    }

    private static void refuseUnable(LoadBalancerSpec spec, LoadBalancerSpec.Listener listener) {
        if (listener.affinity() != null || !listener.sources().isEmpty() || listener.spread() == Spread.SAME_NODE) {
            throw unable(spec.name()
                    + ": Octavia's OVN provider has neither session affinity nor source ranges nor members by node");
        }
    }

    private static Map<Backend, Optional<String>> members(List<Member> members) {
        Map<Backend, Optional<String>> all = new LinkedHashMap<>();
        for (Member member : members) {
            all.merge(
                    new Backend(member.address().toString(), member.port()),
                    Optional.ofNullable(member.subnet()),
                    (one, other) -> one.isPresent() ? one : other);
        }
        return all;
    }

    private static Refused unable(String message) {
        return new Refused(Reason.NOT_SUPPORTED, message);
    }

    Map<Place, Listener> byPlace() {
        Map<Place, Listener> all = new TreeMap<>(java.util.Comparator.comparing(Place::toString));
        listeners.forEach(listener -> all.put(listener.place(), listener));
        return all;
    }
}
