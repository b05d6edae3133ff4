package io.portolan.topology.ipam;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryRegistry;
import io.portolan.kit.access.OwnIdentity;
import io.portolan.kit.problem.RemoteProblem;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.api.DrainRequest;
import io.portolan.model.api.PoolRequest;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.portolan.model.api.PortsChanged;
import io.portolan.model.api.RemovalRequest;
import io.portolan.model.api.SubnetRequest;
import io.portolan.model.api.SubnetView;
import io.portolan.model.api.TransitionRequest;
import io.portolan.tls.PeerRequests;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;
import org.springframework.web.client.RestClientResponseException;
import tools.jackson.databind.json.JsonMapper;

/**
 * ipam-service's API in types. Every call may be repeated, is limited in time, is counted by a circuit breaker and limited
 * in number; what goes wrong is {@link IpamUnavailable} or {@link IpamRefused} and nothing else.
 */
@Component
public final class IpamClient {
    private static final int PAGE = 1_024;
    private static final int BATCH = 512;

    private record Pool(String name) {}

    private final RestClient http;
    private final JsonMapper json;
    private final CircuitBreaker breaker;
    private final Retry retry;
    private final Bulkhead bulkhead;

    IpamClient(
            IpamProperties properties,
            RestClient.Builder builder,
            OwnIdentity identity,
            SslBundles bundles,
            JsonMapper json,
            CircuitBreakerRegistry breakers,
            RetryRegistry retries,
            BulkheadRegistry bulkheads) {
        this.http = builder.baseUrl(properties.url())
                .requestFactory(new PeerRequests(bundles, properties.connectTimeout(), properties.timeout()))
                .requestInterceptor(identity)
                .build();
        this.json = json;
        this.breaker = breakers.circuitBreaker("ipam", "ipam");
        this.retry = retries.retry("ipam", "ipam");
        this.bulkhead = bulkheads.bulkhead("ipam", "ipam");
    }

    public void ensurePool(ClusterName cluster, String pool, Cidr cidr) {
        call(() -> http.put()
                .uri("/v1/clusters/{cluster}/pools/{pool}", cluster, pool)
                .contentType(MediaType.APPLICATION_JSON)
                .body(new PoolRequest(cidr))
                .retrieve()
                .toBodilessEntity());
    }

    public List<String> pools(ClusterName cluster) {
        Pool[] pools = call(() -> body(http.get()
                .uri("/v1/clusters/{cluster}/pools", cluster)
                .retrieve()
                .body(Pool[].class)));
        return Arrays.stream(pools).map(Pool::name).toList();
    }

    public void deletePool(ClusterName cluster, String pool) {
        call(() -> http.delete()
                .uri("/v1/clusters/{cluster}/pools/{pool}", cluster, pool)
                .retrieve()
                .toBodilessEntity());
    }

    /** The largest that there is room for. */
    public SubnetView ensureSubnet(NodeId node, int ordinal, int prefixLength, int longest) {
        return call(() -> body(http.put()
                .uri("/v1/nodes/{node}/subnets/{ordinal}", node, ordinal)
                .contentType(MediaType.APPLICATION_JSON)
                .body(new SubnetRequest(prefixLength, longest))
                .retrieve()
                .body(SubnetView.class)));
    }

    public List<SubnetView> subnets(NodeId node) {
        return List.of(call(() ->
                body(http.get().uri("/v1/nodes/{node}/subnets", node).retrieve().body(SubnetView[].class))));
    }

    public void deleteSubnet(NodeId node, int ordinal) {
        call(() -> http.delete()
                .uri("/v1/nodes/{node}/subnets/{ordinal}", node, ordinal)
                .retrieve()
                .toBodilessEntity());
    }

    /** Asks the node to do without it. */
    public void offer(NodeId node, int ordinal) {
        call(() -> http.put()
                .uri("/v1/nodes/{node}/subnets/{ordinal}/offer", node, ordinal)
                .retrieve()
                .toBodilessEntity());
    }

    public void withdraw(NodeId node, int ordinal) {
        call(() -> http.delete()
                .uri("/v1/nodes/{node}/subnets/{ordinal}/offer", node, ordinal)
                .retrieve()
                .toBodilessEntity());
    }

    /** Lets an offered subnet go; refused as {@code subnet-held} while the node has a port of it. */
    public void drain(NodeId node, int ordinal) {
        call(() -> http.post()
                .uri("/v1/nodes/{node}/subnets/{ordinal}/drains", node, ordinal)
                .retrieve()
                .toBodilessEntity());
    }

    /** All ports of a node, page by page: one that changes meanwhile is seen in its state before or after. */
    public List<PortView> ports(NodeId node) {
        List<PortView> all = new ArrayList<>();
        String cursor = null;
        do {
            String from = cursor;
            PortPage page = call(() -> body(http.get()
                    .uri(uri -> {
                        uri.path("/v1/nodes/{node}/ports").queryParam("limit", PAGE);
                        if (from != null) {
                            uri.queryParam("cursor", from);
                        }
                        return uri.build(node);
                    })
                    .retrieve()
                    .body(PortPage.class)));
            all.addAll(page.ports());
            cursor = page.next();
        } while (cursor != null);
        return all;
    }

    /** @return those that are in the new state now; the others were not in the old one */
    public List<PortId> transition(NodeId node, TransitionRequest request) {
        List<PortId> changed = new ArrayList<>();
        for (List<TransitionRequest.Item> items : batches(request.ports())) {
            changed.addAll(post(node, "transitions", new TransitionRequest(request.from(), request.to(), items)));
        }
        return changed;
    }

    /** Gives all ports of a node that has another VM now their new parent and tags. */
    public List<PortId> nest(NodeId node) {
        return post(node, "nestings", Map.of());
    }

    public List<PortId> remove(NodeId node, List<PortId> ports) {
        List<PortId> removed = new ArrayList<>();
        for (List<PortId> some : batches(ports)) {
            removed.addAll(post(node, "removals", new RemovalRequest(some)));
        }
        return removed;
    }

    private List<PortId> post(NodeId node, String what, Object request) {
        return call(() -> body(http.post()
                        .uri("/v1/nodes/{node}/{what}", node, what)
                        .contentType(MediaType.APPLICATION_JSON)
                        .body(request)
                        .retrieve()
                        .body(PortsChanged.class)))
                .ports();
    }

    public void drain(NodeId node, boolean force) {
        call(() -> http.post()
                .uri("/v1/nodes/{node}/drains", node)
                .contentType(MediaType.APPLICATION_JSON)
                .body(new DrainRequest(force))
                .retrieve()
                .toBodilessEntity());
    }

    private static <T> List<List<T>> batches(List<T> all) {
        List<List<T>> batches = new ArrayList<>();
        for (int from = 0; from < all.size(); from += BATCH) {
            batches.add(all.subList(from, Math.min(all.size(), from + BATCH)));
        }
        return batches;
    }

    private static <T> T body(@Nullable T body) {
        if (body == null) {
            throw new IpamUnavailable("ipam-service answered without a body");
        }
        return body;
    }

    private <T> T call(Supplier<T> call) {
        Supplier<T> limited = Bulkhead.decorateSupplier(bulkhead, () -> decoded(call));
        try {
            return Retry.decorateSupplier(retry, CircuitBreaker.decorateSupplier(breaker, limited))
                    .get();
        } catch (CallNotPermittedException e) {
            throw new IpamUnavailable("ipam-service is left alone for a while: its last calls failed", e);
        } catch (BulkheadFullException e) {
            throw new IpamUnavailable("too many calls to ipam-service at once", e);
        }
    }

    private <T> T decoded(Supplier<T> call) {
        try {
            return call.get();
        } catch (RestClientResponseException e) {
            throw refusal(e);
        } catch (RestClientException e) {
            throw new IpamUnavailable("ipam-service does not answer: " + e.getMostSpecificCause(), e);
        }
    }

    private RuntimeException refusal(RestClientResponseException e) {
        RemoteProblem problem = RemoteProblem.of(e, json);
        return problem.isFailure()
                ? new IpamUnavailable("ipam-service: " + problem.detail(), e)
                : new IpamRefused(problem.status(), problem.slug(), problem.detail());
    }
}
