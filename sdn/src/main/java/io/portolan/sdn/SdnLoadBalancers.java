package io.portolan.sdn;

import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Load balancers of one cluster. Each stands by itself: what happens to one is said of that one alone, so that a sick one
 * delays and fails no other. A network that cannot be asked at all is {@code Unavailable} for the whole call.
 */
public interface SdnLoadBalancers {
    /**
     * What this network's balancers can do. What they cannot must not be asked for: it is {@code NOT_SUPPORTED}.
     *
     * @param transports what a listener may listen to
     * @param longestAffinity of a listener; null where there is none
     * @param sameNode whether a listener may be {@link LoadBalancerSpec.Spread#SAME_NODE}
     * @param sources whether a listener may be limited to some
     * @param anyAddress whether a listener may have an address that the network did not give out, such as a node's
     * @param refuses whether a packet to a listener without members is answered
     * @param givesOutside whether the network itself gives balancers addresses for the outside
     */
    record Abilities(
            Set<Transport> transports,
            @Nullable Duration longestAffinity,
            boolean sameNode,
            boolean sources,
            boolean anyAddress,
            boolean refuses,
            boolean givesOutside) {
        public Abilities {
            transports = Set.copyOf(transports);
        }

        public Abilities(
                Set<Transport> transports,
                @Nullable Duration longestAffinity,
                boolean sameNode,
                boolean sources,
                boolean anyAddress,
                boolean refuses) {
            this(transports, longestAffinity, sameNode, sources, anyAddress, refuses, false);
        }
    }

    /** How it went with one balancer. */
    sealed interface Settled {
        /**
         * It is as wanted now.
         *
         * @param outside its address for the outside, where it has one of the network's
         * @param closed why it has none although one is wanted
         */
        record Done(
                Ensured ensured,
                @Nullable IpAddress outside,
                @Nullable String closed) implements Settled {
            public Done(Ensured ensured) {
                this(ensured, null, null);
            }
        }

        /** The network is still at it: ask again. */
        record Pending(String why) implements Settled {}

        /** It is not as wanted. */
        record Failed(SdnFailure why) implements Settled {}
    }

    /**
     * What one look at everything found.
     *
     * @param right those of the wanted that are exactly so
     * @param there all of ours, wanted or not
     * @param outside addresses for the outside of those that are right
     */
    record Audit(Set<LoadBalancerId> right, Set<LoadBalancerId> there, Map<LoadBalancerId, IpAddress> outside) {
        public Audit {
            right = Set.copyOf(right);
            there = Set.copyOf(there);
            outside = Map.copyOf(outside);
        }

        public Audit(Set<LoadBalancerId> right, Set<LoadBalancerId> there) {
            this(right, there, Map.of());
        }
    }

    @AsksNobody
    Abilities abilities();

    /** How many it pays to ensure in one call; 1 where each is a call of its own anyway. */
    @AsksNobody
    int batch();

    /** Looks at all balancers of ours at once, in as few reads as the network allows, and writes nothing. */
    Audit audit(Collection<LoadBalancerSpec> wanted);

    /** Makes or mends these in as few writes as the network allows; what differs in nothing is not written. */
    Map<LoadBalancerId, Settled> ensure(Collection<LoadBalancerSpec> specs);

    /** Deletes them with all that is theirs; those that are not there are gone already. */
    Map<LoadBalancerId, Settled> delete(Collection<LoadBalancerId> ids);
}
