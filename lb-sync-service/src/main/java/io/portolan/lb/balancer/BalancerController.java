package io.portolan.lb.balancer;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.portolan.kit.access.Allowed;
import io.portolan.kit.access.Role;
import io.portolan.kit.problem.Invalid;
import io.portolan.lb.cluster.LoadBalancings;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/v1/clusters/{cluster}/load-balancers")
@Tag(name = "load balancers", description = "One a Service: where it listens, who answers, how it stands")
class BalancerController {
    private static final int MOST = 256;

    private final LoadBalancings clusters;
    private final BalancerRepository balancers;

    BalancerController(LoadBalancings clusters, BalancerRepository balancers) {
        this.clusters = clusters;
        this.balancers = balancers;
    }

    @Allowed(Role.VIEWER)
    @GetMapping
    @Operation(
            operationId = "listLoadBalancers",
            summary = "Load balancers by namespace and name, at most 256 a page, without listeners and pools")
    @ApiResponse(responseCode = "400", description = "invalid")
    @ApiResponse(responseCode = "404", description = "unknown-cluster")
    BalancerView.Page list(
            @PathVariable ClusterName cluster,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "64") @Min(1) @Max(256) int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        String[] after = Objects.requireNonNullElse(cursor, "/").split("/", 2);
        if (after.length != 2) {
            throw new Invalid("cursor", "'%s' is no cursor".formatted(cursor));
        }
        ClusterId id = clusters.named(cluster).id();
        List<BalancerRepository.StandingRow> rows = balancers.page(id.value(), after[0], after[1], limit + 1);
        List<BalancerView> views =
                rows.stream().limit(limit).map(row -> view(row, null, null)).toList();
        String next = rows.size() > limit
                ? views.getLast().namespace() + "/" + views.getLast().name()
                : null;
        return new BalancerView.Page(views, next);
    }

    @Allowed(Role.VIEWER)
    @GetMapping("/{namespace}/{name}")
    @Operation(
            operationId = "getLoadBalancer",
            summary = "The load balancer of a Service, with listeners, pools and members")
    @ApiResponse(responseCode = "404", description = "unknown-cluster, unknown-load-balancer")
    BalancerView one(@PathVariable ClusterName cluster, @PathVariable String namespace, @PathVariable String name) {
        UUID id =
                LoadBalancerId.of(clusters.named(cluster).id(), namespace, name).value();
        BalancerRepository.StandingRow row =
                balancers.one(id).orElseThrow(() -> new BalancerRefused.Unknown(namespace, name));
        Map<String, List<BalancerView.MemberView>> members = balancers.members(id).stream()
                .collect(groupingBy(
                        BalancerRepository.MemberRow::getPool,
                        TreeMap::new,
                        mapping(BalancerController::member, toList())));
        List<BalancerView.ListenerView> listeners = balancers.listeners(id).stream()
                .map(BalancerController::listener)
                .toList();
        List<BalancerView.PoolView> pools = listeners.stream()
                .map(BalancerView.ListenerView::pool)
                .distinct()
                .sorted()
                .map(pool -> new BalancerView.PoolView(pool, members.getOrDefault(pool, List.of())))
                .toList();
        return view(row, listeners, pools);
    }

    private static BalancerView view(
            BalancerRepository.StandingRow row,
            @Nullable List<BalancerView.ListenerView> listeners,
            @Nullable List<BalancerView.PoolView> pools) {
        String external = row.getExternal();
        return new BalancerView(
                new LoadBalancerId(row.getId()),
                row.getNamespace(),
                row.getName(),
                row.getServiceUid(),
                row.getState(),
                row.getReason(),
                external == null ? null : IpAddress.parse(external),
                row.getChangedAt(),
                row.getRevision(),
                listeners,
                pools);
    }

    private static BalancerView.ListenerView listener(BalancerRepository.ListenerRow row) {
        return new BalancerView.ListenerView(
                IpAddress.parse(row.getIp()),
                row.getProtocol(),
                row.getPort(),
                row.getReach(),
                row.getSpread(),
                row.getOnEmpty(),
                row.getAffinity(),
                row.getSources().isEmpty()
                        ? List.of()
                        : Arrays.stream(row.getSources().split(","))
                                .map(Cidr::parse)
                                .toList(),
                row.getPool());
    }

    private static BalancerView.MemberView member(BalancerRepository.MemberRow row) {
        return new BalancerView.MemberView(
                IpAddress.parse(row.getIp()),
                row.getPort(),
                row.getNode() == null ? null : new NodeId(row.getNode()),
                row.getPortId() == null ? null : new PortId(row.getPortId()));
    }
}
