package io.portolan.lb.desired;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Kubernetes' service semantics as plainly as they can be said: given a packet, who may get it. It starts from the packet,
 * not from the Service, and shares no line with what it judges.
 *
 * @param granted addresses that a Service of type LoadBalancer was given, by {@code namespace/name}
 * @param nodePortAddresses as the outside reaches them at the gateway
 */
public record ReferenceProxy(
        Map<String, Set<String>> granted,
        Set<String> nodeAddresses,
        Set<String> nodePortAddresses,
        boolean clusterAddressesOutside) {

    private record Candidate(String address, int port, String node, boolean ready, boolean leaving) {
        private String text() {
            return address + ":" + port;
        }
    }

    public Verdict verdict(Service service, Collection<EndpointSlice> slices, Packet packet) {
        var spec = service.getSpec();
        boolean none = spec.getClusterIP() == null || Set.of("", "None").contains(spec.getClusterIP());
        boolean others = service.getMetadata().getLabels() != null
                && service.getMetadata().getLabels().containsKey("service.kubernetes.io/service-proxy-name");
        if (none
                || others
                || "ExternalName".equals(spec.getType())
                || packet.destination().contains(":")) {
            return new Verdict.Passed();
        }
        boolean fromPod = packet.node() != null;
        for (ServicePort port : spec.getPorts()) {
            if (!packet.protocol().equals(Objects.requireNonNullElse(port.getProtocol(), "TCP"))) {
                continue;
            }
            List<Candidate> candidates = candidates(slices, port);
            if (packet.port() == port.getPort()) {
                boolean toCluster = spec.getClusterIPs().contains(packet.destination());
                if (toCluster && fromPod) {
                    return "Local".equals(spec.getInternalTrafficPolicy())
                            ? local(candidates, packet.node())
                            : anywhere(candidates);
                }
                if (toCluster && clusterAddressesOutside) {
                    return anywhere(candidates);
                }
                if (ingress(service).contains(packet.destination())) {
                    return admitted(spec.getLoadBalancerSourceRanges(), packet.source())
                            ? anywhere(candidates)
                            : new Verdict.Lost();
                }
                if (spec.getExternalIPs().contains(packet.destination())) {
                    return anywhere(candidates);
                }
            }
            boolean atNode = nodePortAddresses.contains(packet.destination())
                    || (fromPod && nodeAddresses.contains(packet.destination()));
            boolean hasNodePort = ("NodePort".equals(spec.getType()) || "LoadBalancer".equals(spec.getType()))
                    && port.getNodePort() != null
                    && port.getNodePort() == packet.port();
            if (atNode && hasNodePort) {
                return anywhere(candidates);
            }
        }
        return new Verdict.Passed();
    }

    private Set<String> ingress(Service service) {
        if (!"LoadBalancer".equals(service.getSpec().getType())) {
            return Set.of();
        }
        if (service.getSpec().getLoadBalancerClass() == null
                || service.getSpec().getLoadBalancerClass().equals("portolan.io/gateway")) {
            return granted.getOrDefault(
                    service.getMetadata().getNamespace() + "/"
                            + service.getMetadata().getName(),
                    Set.of());
        }
        Set<String> given = new TreeSet<>();
        if (service.getStatus() != null && service.getStatus().getLoadBalancer() != null) {
            for (LoadBalancerIngress each :
                    service.getStatus().getLoadBalancer().getIngress()) {
                if (each.getIp() != null && !"Proxy".equals(each.getIpMode())) {
                    given.add(each.getIp());
                }
            }
        }
        return given;
    }

    private static boolean admitted(List<String> ranges, String source) {
        return ranges == null
                || ranges.isEmpty()
                || ranges.stream().anyMatch(range -> Cidr.parse(range).contains(IpAddress.parse(source)));
    }

    private static List<Candidate> candidates(Collection<EndpointSlice> slices, ServicePort servicePort) {
        Set<Candidate> all = new java.util.HashSet<>();
        String name = Objects.requireNonNullElse(servicePort.getName(), "");
        String protocol = Objects.requireNonNullElse(servicePort.getProtocol(), "TCP");
        for (EndpointSlice slice : slices) {
            if (!"IPv4".equals(slice.getAddressType())) {
                continue;
            }
            for (EndpointPort port : slice.getPorts()) {
                boolean same = name.equals(Objects.requireNonNullElse(port.getName(), ""))
                        && protocol.equals(Objects.requireNonNullElse(port.getProtocol(), "TCP"));
                if (!same || port.getPort() == null) {
                    continue;
                }
                for (Endpoint endpoint : slice.getEndpoints()) {
                    if (endpoint.getAddresses().isEmpty()) {
                        continue;
                    }
                    EndpointConditions c =
                            Objects.requireNonNullElseGet(endpoint.getConditions(), EndpointConditions::new);
                    boolean ready = c.getReady() == null || c.getReady();
                    boolean leaving = !ready
                            && (c.getServing() == null || c.getServing())
                            && c.getTerminating() != null
                            && c.getTerminating();
                    all.add(new Candidate(
                            endpoint.getAddresses().getFirst(),
                            port.getPort(),
                            endpoint.getNodeName(),
                            ready,
                            leaving));
                }
            }
        }
        return List.copyOf(all);
    }

    private static Verdict anywhere(List<Candidate> candidates) {
        Set<String> some = pick(candidates, candidate -> true);
        return some.isEmpty() ? new Verdict.Refused() : new Verdict.Balanced(some);
    }

    private static Verdict local(List<Candidate> candidates, String node) {
        if (pick(candidates, candidate -> true).isEmpty()) {
            return new Verdict.Refused();
        }
        Set<String> some = pick(candidates, candidate -> node.equals(candidate.node()));
        return some.isEmpty() ? new Verdict.Lost() : new Verdict.Balanced(some);
    }

    /** The ready ones; where there is none, those that leave and still serve. */
    private static Set<String> pick(List<Candidate> candidates, Predicate<Candidate> which) {
        Set<String> ready = new TreeSet<>();
        Set<String> leaving = new TreeSet<>();
        candidates.stream().filter(which).forEach(candidate -> {
            if (candidate.ready()) {
                ready.add(candidate.text());
            } else if (candidate.leaving()) {
                leaving.add(candidate.text());
            }
        });
        return ready.isEmpty() ? leaving : ready;
    }
}
