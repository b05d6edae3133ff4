package io.portolan.lb.floating;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.kit.access.OwnIdentity;
import io.portolan.kit.problem.RemoteProblem;
import io.portolan.lb.settings.LbProperties;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.tls.PeerRequests;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;
import org.springframework.web.client.RestClientResponseException;
import tools.jackson.databind.json.JsonMapper;

/** topology-service's floating addresses. Every call may be repeated; the loop that calls is what limits and repeats them. */
@Component
class TopologyClient {
    private static final int PAGE = 256;

    /** A floating address as declared. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Claim(@Nullable IpAddress address, Pod pod) {}

    /** By its name, whatever its UID. */
    record Pod(String namespace, String name) {}

    /** What of a floating address is of use here. */
    record View(
            String name,
            @Nullable IpAddress address,
            @Nullable Pod pod,
            String state,
            @Nullable String stateReason) {}

    private record Page(List<View> floatingIps, @Nullable String next) {}

    /** It said no. */
    static final class Refused extends RuntimeException {
        private final RemoteProblem problem;

        private Refused(RemoteProblem problem) {
            super(problem.detail());
            this.problem = problem;
        }

        RemoteProblem problem() {
            return problem;
        }
    }

    /** It could not be asked, or nothing is known of the outcome. */
    static final class Unavailable extends RuntimeException {
        private Unavailable(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private final @Nullable URI url;
    private final RestClient http;
    private final JsonMapper json;

    TopologyClient(
            LbProperties properties,
            RestClient.Builder builder,
            OwnIdentity identity,
            SslBundles bundles,
            JsonMapper json) {
        this.json = json;
        LbProperties.Topology topology = properties.topology();
        url = topology.url();
        http = (url == null ? builder : builder.baseUrl(url))
                .requestFactory(new PeerRequests(bundles, topology.connectTimeout(), topology.timeout()))
                .requestInterceptor(identity)
                .build();
    }

    /** Whether it is known where topology-service is. */
    boolean isThere() {
        return url != null;
    }

    View declare(ClusterName cluster, String name, Claim claim) {
        return call(() -> http.put()
                .uri("/v1/clusters/{cluster}/floating-ips/{name}", cluster, name)
                .contentType(MediaType.APPLICATION_JSON)
                .body(claim)
                .retrieve()
                .body(View.class));
    }

    Optional<View> find(ClusterName cluster, String name) {
        try {
            return Optional.of(call(() -> http.get()
                    .uri("/v1/clusters/{cluster}/floating-ips/{name}", cluster, name)
                    .retrieve()
                    .body(View.class)));
        } catch (Refused e) {
            if (e.problem().status() == HttpStatus.NOT_FOUND.value()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Whose name begins so. */
    List<String> names(ClusterName cluster, String prefix) {
        List<String> all = new ArrayList<>();
        String cursor = prefix;
        while (cursor != null) {
            String from = cursor;
            Page page = call(() -> http.get()
                    .uri("/v1/clusters/{cluster}/floating-ips?limit={limit}&cursor={cursor}", cluster, PAGE, from)
                    .retrieve()
                    .body(Page.class));
            List<String> names = page.floatingIps().stream()
                    .map(View::name)
                    .filter(name -> name.startsWith(prefix))
                    .toList();
            all.addAll(names);
            cursor = names.size() < page.floatingIps().size() ? null : page.next();
        }
        return all;
    }

    void delete(ClusterName cluster, String name) {
        call(() -> http.delete()
                .uri("/v1/clusters/{cluster}/floating-ips/{name}", cluster, name)
                .retrieve()
                .toBodilessEntity());
    }

    private <T> T call(Supplier<@Nullable T> call) {
        try {
            T answer = call.get();
            if (answer == null) {
                throw new Unavailable("topology-service answered without a body", null);
            }
            return answer;
        } catch (RestClientResponseException e) {
            RemoteProblem problem = RemoteProblem.of(e, json);
            throw problem.isFailure()
                    ? new Unavailable("topology-service: " + problem.detail(), e)
                    : new Refused(problem);
        } catch (RestClientException e) {
            throw new Unavailable("topology-service does not answer: " + e.getMostSpecificCause(), e);
        }
    }
}
