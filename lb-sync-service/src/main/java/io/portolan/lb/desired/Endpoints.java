package io.portolan.lb.desired;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.Transport;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of one port of a Service, in one address family.
 *
 * @param all each address and port once; where slices disagree, the better condition counts
 */
record Endpoints(List<One> all) {
    /** The better comes first. */
    enum Condition {
        READY,
        SERVING_WHILE_TERMINATING
    }

    record One(IpAddress address, int port, @Nullable String node, Condition condition) {
        Member member(ClusterFacts facts) {
            return new Member(address, port, facts.nodeId(node), null);
        }
    }

    private record Key(IpAddress address, int port) {}

    static Endpoints of(
            Collection<EndpointSlice> slices, String portName, Transport transport, IpAddress.Family family) {
        Map<Key, One> found = new LinkedHashMap<>();
        for (EndpointSlice slice : slices) {
            for (EndpointPort port : Objects.requireNonNullElse(slice.getPorts(), List.<EndpointPort>of())) {
                if (port.getPort() != null
                        && portName.equals(Objects.requireNonNullElse(port.getName(), ""))
                        && transport(port.getProtocol())
                                .filter(transport::equals)
                                .isPresent()) {
                    for (Endpoint endpoint : Objects.requireNonNullElse(slice.getEndpoints(), List.<Endpoint>of())) {
                        one(endpoint, port.getPort(), family)
                                .ifPresent(
                                        one -> found.merge(new Key(one.address(), one.port()), one, Endpoints::better));
                    }
                }
            }
        }
        return new Endpoints(List.copyOf(found.values()));
    }

    private static Optional<One> one(Endpoint endpoint, int port, IpAddress.Family family) {
        List<String> addresses = Objects.requireNonNullElse(endpoint.getAddresses(), List.<String>of());
        if (addresses.isEmpty() || port < 1 || port > 65_535) {
            return Optional.empty();
        }
        return parse(addresses.getFirst())
                .filter(address -> address.family() == family)
                .flatMap(address -> condition(endpoint.getConditions())
                        .map(condition -> new One(address, port, endpoint.getNodeName(), condition)));
    }

    /** Empty for one that gets no traffic. */
    private static Optional<Condition> condition(@Nullable EndpointConditions conditions) {
        if (conditions == null || !Boolean.FALSE.equals(conditions.getReady())) {
            return Optional.of(Condition.READY);
        }
        boolean serving = !Boolean.FALSE.equals(conditions.getServing());
        boolean terminating = Boolean.TRUE.equals(conditions.getTerminating());
        return serving && terminating ? Optional.of(Condition.SERVING_WHILE_TERMINATING) : Optional.empty();
    }

    private static One better(One a, One b) {
        Comparator<One> order =
                Comparator.comparing(One::condition).thenComparing(One::node, Comparator.nullsLast(String::compareTo));
        return order.compare(a, b) <= 0 ? a : b;
    }

    /** An address as it is meant; a slice of host names has none. */
    static Optional<IpAddress> parse(String text) {
        try {
            return Optional.of(IpAddress.parse(text));
        } catch (Malformed e) {
            return Optional.empty();
        }
    }

    /** Unsaid is TCP; empty for one that Kubernetes does not have yet. */
    static Optional<Transport> transport(@Nullable String protocol) {
        return switch (protocol == null ? "TCP" : protocol.toUpperCase(Locale.ROOT)) {
            case "TCP" -> Optional.of(Transport.TCP);
            case "UDP" -> Optional.of(Transport.UDP);
            case "SCTP" -> Optional.of(Transport.SCTP);
            default -> Optional.empty();
        };
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** Those that a client anywhere gets. */
    List<One> usable() {
        return usable(all);
    }

    /** Those that clients get who are bound to their own node, over all nodes. */
    List<One> usableOnTheirNodes() {
        return onNodes().values().stream()
                .flatMap(here -> usable(here).stream())
                .toList();
    }

    /** How many are ready on each node that has any. */
    Map<String, Long> readyOnNodes() {
        Map<String, Long> ready = new TreeMap<>();
        onNodes().forEach((node, here) -> {
            long count = here.stream()
                    .filter(one -> one.condition() == Condition.READY)
                    .map(One::address)
                    .distinct()
                    .count();
            if (count > 0) {
                ready.put(node, count);
            }
        });
        return ready;
    }

    private Map<String, List<One>> onNodes() {
        Map<String, List<One>> byNode = new TreeMap<>();
        for (One one : all) {
            if (one.node() != null) {
                byNode.computeIfAbsent(one.node(), node -> new java.util.ArrayList<>())
                        .add(one);
            }
        }
        return byNode;
    }

    private static List<One> usable(List<One> among) {
        Condition best = among.stream()
                .map(One::condition)
                .min(Comparator.naturalOrder())
                .orElse(Condition.READY);
        return among.stream().filter(one -> one.condition() == best).toList();
    }
}
