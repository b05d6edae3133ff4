package io.portolan.agent.control;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.portolan.agent.trace.Trace;
import io.portolan.model.identity.TokenFile;
import io.portolan.tls.PeerRequests;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClient.RequestHeadersSpec.ConvertibleClientHttpResponse;
import org.springframework.web.client.RestClientException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One service, by any of its replicas: the one that answered last is asked first, the next one when it does not answer. All
 * replicas have one ledger, so what one of them refuses is refused.
 */
final class Replicas implements AutoCloseable {
    private static final String TYPE = "urn:portolan:problem:";
    private static final JsonMapper JSON = JsonMapper.shared();

    /** Said of a request that may have been done all the same: the ledger's connection can break while it commits. */
    private static final Set<String> UNSURE = Set.of("ledger-unavailable", "internal");

    private final String service;
    private final List<URI> bases;
    private final PeerRequests requests;
    private final RestClient client;
    private final MeterRegistry meters;
    private final AtomicInteger preferred = new AtomicInteger();

    /** @param identity what each replica is shown, in the header Authorization */
    Replicas(
            String service,
            List<URI> bases,
            PeerRequests requests,
            Optional<TokenFile> identity,
            MeterRegistry meters) {
        if (bases.isEmpty()) {
            throw new IllegalArgumentException("no address of " + service + " is given");
        }
        this.service = service;
        this.bases = List.copyOf(bases);
        this.meters = meters;
        this.requests = requests;
        client = RestClient.builder()
                .requestFactory(requests)
                .requestInterceptor((request, body, execution) -> {
                    Trace.current().ifPresent(trace -> request.getHeaders().set("traceparent", trace.parent()));
                    if (identity.isPresent()) {
                        request.getHeaders()
                                .set(HttpHeaders.AUTHORIZATION, identity.get().authorization());
                    }
                    return execution.execute(request, body);
                })
                .build();
    }

    /**
     * @param operation its name in metrics
     * @param path below a replica's address, with its query
     */
    <T> Answer<T> call(String operation, HttpMethod method, String path, @Nullable Object body, Class<T> type) {
        return ask(operation, new Request(method, path, body, null), response -> response.bodyTo(type));
    }

    /**
     * What a path has, and by which tag that is known.
     *
     * @param body empty where it is what the caller's tag stands for
     */
    record Tagged(String tag, Optional<String> body) {}

    /** @param tag of what the caller has already; null when that is nothing */
    Answer<Tagged> read(String operation, String path, @Nullable String tag) {
        return ask(operation, new Request(HttpMethod.GET, path, null, tag), response -> {
            if (tag != null && Request.isNotModified(response.getStatusCode())) {
                return new Tagged(tag, Optional.empty());
            }
            String body = response.bodyTo(String.class);
            String now = Objects.requireNonNullElse(response.getHeaders().getETag(), "");
            return body == null ? null : new Tagged(now, Optional.of(body));
        });
    }

    private record Request(
            HttpMethod method,
            String path,
            @Nullable Object body,
            @Nullable String tag) {
        static boolean isNotModified(HttpStatusCode status) {
            return status.value() == HttpStatus.NOT_MODIFIED.value();
        }

        boolean isAnsweredBy(HttpStatusCode status) {
            return status.is2xxSuccessful() || (tag != null && isNotModified(status));
        }
    }

    private interface Reader<T> {
        /** Null where there is no body. */
        @Nullable T read(ConvertibleClientHttpResponse response) throws IOException;
    }

    private <T> Answer<T> ask(String operation, Request request, Reader<T> reader) {
        boolean inDoubt = false;
        Answer<T> last = new Answer.Silence<>("never asked", false);
        int first = preferred.get();
        for (int i = 0; i < bases.size(); i++) {
            int index = (first + i) % bases.size();
            last = timed(operation, bases.get(index), request, reader, inDoubt);
            if (!(last instanceof Answer.Silence<T>)) {
                preferred.set(index);
                return last;
            }
            inDoubt = last.inDoubt();
        }
        return last;
    }

    private <T> Answer<T> timed(String operation, URI base, Request request, Reader<T> reader, boolean inDoubt) {
        Timer.Sample sample = Timer.start(meters);
        Answer<T> answer = one(base, request, reader, inDoubt);
        String outcome = switch (answer) {
            case Answer.Given<T> given -> "ok";
            case Answer.Refused<T> refused -> refused.problem();
            case Answer.Silence<T> silence -> "no-answer";
        };
        sample.stop(Timer.builder("portolan.control.calls")
                .description("Calls to the control plane; none is made while a pod waits")
                .tag("service", service)
                .tag("operation", operation)
                .tag("outcome", outcome)
                .register(meters));
        return answer;
    }

    private <T> Answer<T> one(URI base, Request request, Reader<T> reader, boolean inDoubt) {
        try {
            RestClient.RequestBodySpec spec = client.method(request.method())
                    .uri(URI.create(base + request.path()))
                    .accept(MediaType.APPLICATION_JSON);
            if (request.body() != null) {
                spec.contentType(MediaType.APPLICATION_JSON).body(request.body());
            }
            if (request.tag() != null) {
                spec.header(HttpHeaders.IF_NONE_MATCH, request.tag());
            }
            Answer<T> answer = spec.exchange((sent, response) -> {
                if (!request.isAnsweredBy(response.getStatusCode())) {
                    return refusal(base, response, inDoubt);
                }
                T given = reader.read(response);
                return given == null
                        ? new Answer.Silence<>("%s at %s answered nothing".formatted(service, base), true)
                        : new Answer.Given<>(given, inDoubt);
            });
            return answer == null ? new Answer.Silence<>(service + " answered nothing", true) : answer;
        } catch (ResourceAccessException e) {
            return new Answer.Silence<>(words(base, e), inDoubt || mayHaveArrived(e));
        } catch (RestClientException e) {
            return new Answer.Silence<>(words(base, e), true);
        }
    }

    private String words(URI base, RestClientException e) {
        Throwable cause = e.getMostSpecificCause();
        String said = cause.getMessage();
        return "%s at %s does not answer: %s"
                .formatted(service, base, said == null ? cause.getClass().getSimpleName() : said);
    }

    private static boolean mayHaveArrived(ResourceAccessException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException
                    || cause instanceof HttpConnectTimeoutException
                    || cause instanceof UnresolvedAddressException
                    || cause instanceof SSLHandshakeException) {
                return false;
            }
        }
        return true;
    }

    /** A failure that is not a problem of ours comes from something on the way, or from a replica that is unwell. */
    private <T> Answer<T> refusal(URI base, ClientHttpResponse response, boolean inDoubt) throws IOException {
        int status = response.getStatusCode().value();
        String type = "";
        String detail = "";
        try {
            JsonNode problem = JSON.readTree(response.getBody());
            type = problem.path("type").asString("");
            detail = problem.path("detail").asString("");
        } catch (JacksonException e) {
            detail = "the answer is no problem+json";
        }
        if (status >= 500 && !type.startsWith(TYPE)) {
            return new Answer.Silence<>("%s at %s answered %d: %s".formatted(service, base, status, detail), true);
        }
        String slug = type.startsWith(TYPE) ? type.substring(TYPE.length()) : Integer.toString(status);
        return new Answer.Refused<>(
                status, slug, detail, retryAfter(response.getHeaders()), inDoubt || UNSURE.contains(slug));
    }

    private static Optional<Duration> retryAfter(HttpHeaders headers) {
        return Optional.ofNullable(headers.getFirst(HttpHeaders.RETRY_AFTER))
                .filter(seconds -> seconds.matches("[0-9]{1,6}"))
                .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)));
    }

    /** What is under way ends without an answer. */
    @Override
    public void close() {
        requests.close();
    }
}
