package io.portolan.agent.introspection;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.security.PodSecurity;
import io.portolan.agent.wiring.Wiring;
import io.portolan.model.MacAddress;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.model.VlanTag;
import io.portolan.model.api.PortAddress;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
class IntrospectionController {
    /**
     * A port of this node's cache.
     *
     * @param profiles names of the security profiles that it is known to be in; absent while that is not known
     * @param wire {@code ready} when only a pod is missing, {@code plumbed} when it is in the switch, else absent
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record PortEntry(
            PortId id,
            SubnetId subnet,
            List<PortAddress> addresses,
            MacAddress mac,
            @Nullable VlanTag vlanTag,
            String backendId,
            String state,
            @Nullable String disputed,
            @Nullable List<String> profiles,
            @Nullable String wire,
            @Nullable String sandbox,
            @Nullable Instant releasedAt) {}

    /** A pod's interface. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record PodEntry(
            String sandbox,
            String networkInterface,
            @Nullable PodRef pod,
            String netns,
            PortId port,
            List<PortAddress> addresses,
            @Nullable List<String> profiles,
            Instant boundAt,
            Map<String, String> notes) {}

    record PortList(List<PortEntry> ports) {}

    record PodList(List<PodEntry> pods) {}

    private final PortCache cache;
    private final Wiring wiring;
    private final NodeStatus status;
    private final PodSecurity security;
    private final PrometheusMeterRegistry meters;

    IntrospectionController(
            PortCache cache, Wiring wiring, NodeStatus status, PodSecurity security, PrometheusMeterRegistry meters) {
        this.cache = cache;
        this.wiring = wiring;
        this.status = status;
        this.security = security;
        this.meters = meters;
    }

    @GetMapping("/v1/ports")
    PortList ports() {
        Set<PortId> ready = wiring.ready();
        Set<PortId> plumbed = wiring.plumbed();
        Map<PortId, Attachment> holders =
                cache.attachments().stream().collect(Collectors.toMap(Attachment::port, Function.identity()));
        return new PortList(cache.ports().stream()
                .map(port -> entry(
                        port,
                        ready.contains(port.id()) ? "ready" : plumbed.contains(port.id()) ? "plumbed" : null,
                        holders.get(port.id())))
                .toList());
    }

    private PortEntry entry(CachedPort port, @Nullable String wire, @Nullable Attachment holder) {
        CachedPort.Released released = port.released();
        return new PortEntry(
                port.id(),
                port.subnet(),
                port.addresses(),
                port.mac(),
                port.vlanTag(),
                port.backendId(),
                port.state().name().toLowerCase(Locale.ROOT),
                port.disputed(),
                names(port),
                wire,
                holder == null ? null : holder.key().sandbox(),
                released == null ? null : released.at());
    }

    private @Nullable List<String> names(CachedPort port) {
        return port.profiles() == null ? null : security.names(port.profiles());
    }

    @GetMapping("/v1/pods")
    PodList pods() {
        return new PodList(cache.attachments().stream()
                .map(one -> new PodEntry(
                        one.key().sandbox(),
                        one.key().networkInterface(),
                        one.pod(),
                        one.netns(),
                        one.port(),
                        cache.port(one.port()).map(CachedPort::addresses).orElse(List.of()),
                        cache.port(one.port()).map(this::names).orElse(null),
                        one.boundAt(),
                        one.notes()))
                .toList());
    }

    @GetMapping("/v1/node")
    NodeStatus.View node() {
        return status.view();
    }

    /** Prometheus' text format, as at /actuator/prometheus. */
    @GetMapping(value = "/metrics", produces = "text/plain; version=0.0.4; charset=utf-8")
    String metrics() {
        return meters.scrape();
    }

    @ExceptionHandler(CacheUnavailable.class)
    @ResponseStatus(HttpStatus.SERVICE_UNAVAILABLE)
    ProblemDetail unavailable(CacheUnavailable e) {
        return ProblemDetail.forStatusAndDetail(
                HttpStatus.SERVICE_UNAVAILABLE, Objects.requireNonNullElse(e.getMessage(), "the port cache is away"));
    }
}
