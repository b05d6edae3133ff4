package io.portolan.lb.desired;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.model.IpAddress;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a Service should be.
 *
 * @param balanced whether it is a load balancer at all, if only one without listeners
 * @param external what it wants of the external addresses; null where it wants none
 * @param healthCheck what its health check port should answer; null where it has none
 */
public record Desired(
        boolean balanced,
        List<Listener> listeners,
        List<Refusal> refusals,
        @Nullable External external,
        @Nullable HealthCheck healthCheck) {
    /** No load balancer. */
    public static final Desired NOTHING = new Desired(false, List.of(), List.of(), null, null);

    public Desired {
        listeners = List.copyOf(listeners);
        refusals = refusals.stream().distinct().toList();
    }

    /** @param requested {@code spec.loadBalancerIP}, where it asks for a certain one */
    public record External(Optional<IpAddress> requested) {}

    /** @param readyOnNodes how many ready endpoints a node has; nodes with none are left out */
    public record HealthCheck(int nodePort, Map<String, Long> readyOnNodes) {
        public HealthCheck {
            readyOnNodes = Map.copyOf(readyOnNodes);
        }
    }

    /**
     * @param slices those of this Service, in any order
     * @param granted external addresses that the ledger has given to it
     */
    public static Desired of(
            Service service, Collection<EndpointSlice> slices, Set<IpAddress> granted, ClusterFacts facts) {
        ServiceReading reading = new ServiceReading(service, facts);
        return reading.isBalanced() ? new Compilation(reading, slices, granted, facts).result() : NOTHING;
    }

    /** Whether it asks for an external address that is ours to give. */
    public static boolean wantsExternal(Service service, ClusterFacts facts) {
        ServiceReading reading = new ServiceReading(service, facts);
        return reading.isBalanced() && reading.isLoadBalancerOfOurs();
    }
}
