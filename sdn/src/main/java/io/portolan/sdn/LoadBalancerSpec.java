package io.portolan.sdn;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a load balancer should be. Listeners and members are kept in order, so that equal balancers are equal.
 *
 * @param name for people; not unique
 * @param outside an address for the outside that the network gives to all its listeners; null for none
 */
public record LoadBalancerSpec(
        LoadBalancerId id,
        String name,
        List<Listener> listeners,
        @Nullable Outside outside) {
    public LoadBalancerSpec(LoadBalancerId id, String name, List<Listener> listeners) {
        this(id, name, listeners, null);
    }

    public LoadBalancerSpec {
        listeners = listeners.stream().sorted(Listener.ORDER).toList();
        Set<Object> seen = new HashSet<>();
        for (Listener listener : listeners) {
            if (!seen.add(listener.frontend())) {
                throw new IllegalArgumentException(
                        "two listeners of %s are at %s".formatted(name, listener.frontend()));
            }
        }
    }

    /** @param requested the one that it should be; null for any */
    public record Outside(@Nullable IpAddress requested) {}

    /** Who reaches a listener: the cluster's pods, at their own switches; or the outside, at the gateway. */
    public enum Reach {
        INSIDE,
        OUTSIDE
    }

    /** Which members a client may get: any, or those on the client's own node; without one of these its packet is lost. */
    public enum Spread {
        ANYWHERE,
        SAME_NODE
    }

    /** What becomes of a packet to a listener without members: an answer at once, or none. */
    public enum OnEmpty {
        REFUSE,
        DROP
    }

    /** Where a listener is; a network has one at each. */
    public record Frontend(IpAddress address, Transport transport, int port, Reach reach) {
        private static final Comparator<Frontend> ORDER = Comparator.comparing(Frontend::address)
                .thenComparing(Frontend::transport)
                .thenComparingInt(Frontend::port)
                .thenComparing(Frontend::reach);

        public Frontend {
            requirePort(port);
        }
    }

    /**
     * One address and port that is balanced.
     *
     * @param affinity for so long after its last connection a client gets the same member; null for no affinity
     * @param sources who may use it; empty for everyone
     * @param pool several listeners of a balancer may have the same one
     */
    public record Listener(
            Frontend frontend,
            Spread spread,
            OnEmpty onEmpty,
            @Nullable Duration affinity,
            List<Cidr> sources,
            Pool pool) {
        private static final Comparator<Listener> ORDER = Comparator.comparing(Listener::frontend, Frontend.ORDER);

        public Listener {
            sources = sources.stream().sorted().toList();
        }
    }

    /** @param name unique among the balancer's pools: those of one name are equal */
    public record Pool(String name, List<Member> members) {
        public Pool {
            members = members.stream().distinct().sorted(Member.ORDER).toList();
        }
    }

    /**
     * Who answers.
     *
     * @param node whose pods reach it as {@link Spread#SAME_NODE}; null where it is on no node of the cluster
     * @param subnet the network's id of the subnet that the address is in, for networks that must be told
     */
    public record Member(
            IpAddress address,
            int port,
            @Nullable NodeId node,
            @Nullable String subnet) {
        private static final Comparator<Member> ORDER = Comparator.comparing(Member::address)
                .thenComparingInt(Member::port)
                .thenComparing(member -> Objects.toString(member.node()))
                .thenComparing(member -> Objects.toString(member.subnet()));

        public Member {
            requirePort(port);
        }
    }

    private static void requirePort(int port) {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("a port is between 1 and 65535, not " + port);
        }
    }
}
