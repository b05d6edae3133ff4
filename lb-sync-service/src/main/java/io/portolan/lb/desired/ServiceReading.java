package io.portolan.lb.desired;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.LoadBalancerStatus;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.fabric8.kubernetes.api.model.ServiceStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A Service with its defaults filled in: what is unsaid in it is said here. */
record ServiceReading(Service service, ClusterFacts facts) {
    private static final String PROXY = "service.kubernetes.io/service-proxy-name";
    private static final Duration AFFINITY = Duration.ofHours(3);

    private ServiceSpec spec() {
        return Objects.requireNonNullElseGet(service.getSpec(), ServiceSpec::new);
    }

    private String type() {
        return Objects.requireNonNullElse(spec().getType(), "ClusterIP");
    }

    boolean isBalanced() {
        Map<String, String> labels =
                Objects.requireNonNullElse(service.getMetadata().getLabels(), Map.of());
        return !labels.containsKey(PROXY)
                && !type().equals("ExternalName")
                && !clusterAddresses().isEmpty();
    }

    /** Empty for a headless Service and for one that has no address yet. */
    List<String> clusterAddresses() {
        List<String> several = texts(spec().getClusterIPs());
        String one = spec().getClusterIP();
        List<String> all = !several.isEmpty() ? several : one == null ? List.of() : List.of(one);
        return all.stream()
                .filter(text -> !text.isEmpty() && !text.equals("None"))
                .toList();
    }

    List<String> externalAddresses() {
        return texts(spec().getExternalIPs());
    }

    boolean isLoadBalancer() {
        return type().equals("LoadBalancer");
    }

    boolean isLoadBalancerOfOurs() {
        String wanted = spec().getLoadBalancerClass();
        boolean none = wanted == null || wanted.isEmpty();
        return isLoadBalancer()
                && (none ? facts.unclassed() : facts.loadBalancerClass().equals(wanted));
    }

    /** Addresses that somebody else gave to a LoadBalancer that is not ours, and that are to be served on the way. */
    List<String> foreignIngress() {
        return Stream.ofNullable(service.getStatus())
                .map(ServiceStatus::getLoadBalancer)
                .filter(Objects::nonNull)
                .map(LoadBalancerStatus::getIngress)
                .filter(Objects::nonNull)
                .flatMap(List::stream)
                .filter(ingress -> ingress.getIp() != null && !"Proxy".equals(ingress.getIpMode()))
                .map(LoadBalancerIngress::getIp)
                .toList();
    }

    boolean hasNodePorts() {
        return isLoadBalancer() || type().equals("NodePort");
    }

    List<ServicePort> ports() {
        return Objects.requireNonNullElse(spec().getPorts(), List.of());
    }

    Optional<Duration> affinity() {
        if (!"ClientIP".equals(spec().getSessionAffinity())) {
            return Optional.empty();
        }
        return Optional.of(Optional.ofNullable(spec().getSessionAffinityConfig())
                .map(config -> config.getClientIP())
                .map(clientIp -> clientIp.getTimeoutSeconds())
                .map(Duration::ofSeconds)
                .orElse(AFFINITY));
    }

    boolean isInternalLocal() {
        return "Local".equals(spec().getInternalTrafficPolicy());
    }

    private boolean isExternalLocal() {
        return "Local".equals(spec().getExternalTrafficPolicy());
    }

    @Nullable Integer healthCheckNodePort() {
        Integer port = spec().getHealthCheckNodePort();
        return isLoadBalancer() && isExternalLocal() && port != null && port > 0 ? port : null;
    }

    List<String> sourceRanges() {
        return texts(spec().getLoadBalancerSourceRanges());
    }

    @Nullable String requestedAddress() {
        String requested = spec().getLoadBalancerIP();
        return requested == null || requested.isEmpty() ? null : requested;
    }

    private static List<String> texts(@Nullable List<String> texts) {
        return Objects.requireNonNullElse(texts, List.<String>of()).stream()
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .toList();
    }
}
