package io.portolan.sdn.neutron;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.portolan.sdn.neutron.NeutronCalls.Call;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.openstack4j.api.exceptions.ConnectionException;
import org.openstack4j.core.transport.ClientConstants;
import org.openstack4j.core.transport.ExecutionOptions;
import org.openstack4j.core.transport.HttpEntityHandler;
import org.openstack4j.core.transport.HttpExecutorService;
import org.openstack4j.core.transport.HttpRequest;
import org.openstack4j.core.transport.HttpResponse;
import org.openstack4j.core.transport.ObjectMapperSingleton;

/**
 * openstack4j's requests over the JDK's HTTP client, which is the {@link Wire}'s: connections are kept and shared.
 * openstack4j finds this class as a service, hence it is public.
 */
public final class JdkConnector implements HttpExecutorService {
    private static final String JSON = "application/json";

    @Override
    public String getExecutorDisplayName() {
        return "java.net.http";
    }

    @Override
    public <R> HttpResponse execute(HttpRequest<R> request) {
        if (!(request.getConfig().getEndpointURLResolver() instanceof Wire wire)) {
            throw new IllegalStateException("a request of nobody's: " + request.getMethod() + " " + request.getPath());
        }
        URI uri = URI.create(request.getUrl());
        java.net.http.HttpRequest.Builder plain = java.net.http.HttpRequest.newBuilder(uri)
                .timeout(wire.patience())
                .header("Accept", JSON);
        request.getHeaders().forEach((name, value) -> plain.header(name, String.valueOf(value)));
        String body = body(request);
        if (body == null) {
            plain.method(request.getMethod().name(), BodyPublishers.noBody());
        } else {
            plain.header("Content-Type", JSON).method(request.getMethod().name(), BodyPublishers.ofString(body));
        }
        try {
            java.net.http.HttpResponse<byte[]> response = wire.http().send(plain.build(), BodyHandlers.ofByteArray());
            count(wire, request, uri, outcome(response.statusCode()));
            return new Response(response);
        } catch (IOException e) {
            count(wire, request, uri, "unreachable");
            throw new ConnectionException(e.getClass().getSimpleName() + ": " + e.getMessage(), 0, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            count(wire, request, uri, "unreachable");
            throw new ConnectionException("interrupted", 0, e);
        }
    }

    private static void count(Wire wire, HttpRequest<?> request, URI uri, String outcome) {
        String path = uri.getPath()
                .replaceAll("/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?=/|$)", "/{id}")
                .replaceAll("/[0-9a-f]{32}(?=/|$)", "/{id}");
        wire.calls().count(new Call(wire.cloud(), request.getMethod().name(), path, outcome));
    }

    private static String outcome(int status) {
        return status == 429 ? "429" : status / 100 + "xx";
    }

    private static @Nullable String body(HttpRequest<?> request) {
        if (request.hasJson() || request.getEntity() == null) {
            return request.hasJson() ? request.getJson() : null;
        }
        try {
            Object entity = request.getEntity();
            return ObjectMapperSingleton.getContext(entity.getClass()).writer().writeValueAsString(entity);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a body that is no JSON: " + request.getPath(), e);
        }
    }

    /** An answer that has been read to its end. */
    private record Response(java.net.http.HttpResponse<byte[]> response) implements HttpResponse {
        @Override
        public <T> T getEntity(Class<T> type) {
            return HttpEntityHandler.handle(this, type, null, true);
        }

        @Override
        public <T> T getEntity(Class<T> type, ExecutionOptions<T> options) {
            return HttpEntityHandler.handle(this, type, options, true);
        }

        @Override
        public <T> T readEntity(Class<T> type) {
            try {
                return ObjectMapperSingleton.getContext(type).readerFor(type).readValue(response.body());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public int getStatus() {
            return response.statusCode();
        }

        @Override
        public @Nullable String getContentType() {
            return header(ClientConstants.HEADER_CONTENT_TYPE);
        }

        @Override
        public @Nullable String getStatusMessage() {
            return null;
        }

        @Override
        public InputStream getInputStream() {
            return new ByteArrayInputStream(response.body());
        }

        @Override
        public @Nullable String header(String name) {
            return response.headers().firstValue(name).orElse(null);
        }

        @Override
        public Map<String, String> headers() {
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            response.headers().map().forEach((name, values) -> headers.put(name, values.getFirst()));
            return headers;
        }

        @Override
        public void close() {}
    }
}
