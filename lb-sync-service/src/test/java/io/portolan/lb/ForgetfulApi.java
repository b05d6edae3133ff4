package io.portolan.lb;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.server.mock.KubernetesAttributesExtractor;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.http.Dispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An API server that can be away: watches end and everything is answered with 503. When it is back it has forgotten what it
 * told before: a watch is answered with {@code 410 Gone} until its resource was listed anew, which is the one way to learn
 * of what was deleted meanwhile. All this is for the services with {@link #TOKEN}; the test itself is always answered.
 */
final class ForgetfulApi extends Dispatcher {
    static final String TOKEN = "service";

    private static final String BEARER = "Bearer " + TOKEN;
    private static final Set<String> WATCHED =
            Set.of("/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices", "/api/v1/nodes");
    private static final String GONE = """
            {"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",\
            "message":"too old resource version","reason":"Expired","code":410}}""";

    private final KubernetesCrudDispatcher keeper = new KubernetesCrudDispatcher();
    private final Set<WebSocket> watches = ConcurrentHashMap.newKeySet();
    private final Set<String> forgotten = ConcurrentHashMap.newKeySet();
    private final AtomicInteger gone = new AtomicInteger();
    private volatile boolean away;

    /** As if somebody had created it before anybody watched; a request would take longer with each object that is there. */
    void keep(String path, HasMetadata object) {
        GenericKubernetesResource resource =
                Serialization.unmarshal(Serialization.asJson(object), GenericKubernetesResource.class);
        ObjectMeta metadata = resource.getMetadata();
        metadata.setUid(UUID.randomUUID().toString());
        metadata.setResourceVersion("1");
        metadata.setGeneration(1L);
        metadata.setCreationTimestamp(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        keeper.processEvent(
                path,
                ((KubernetesAttributesExtractor) keeper.getAttributeExtractor()).fromPath(path),
                null,
                resource,
                Serialization.asJson(resource));
    }

    void leave() {
        away = true;
        watches.forEach(watch -> watch.close(1001, "going away"));
    }

    void comeBack() {
        forgotten.addAll(WATCHED);
        away = false;
    }

    /** How many watches were told that their place is forgotten. */
    int gone() {
        return gone.get();
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
        String resource = request.getPath().split("\\?", 2)[0];
        boolean watch = request.getPath().contains("watch=true");
        boolean ofService = BEARER.equals(request.getHeader("Authorization"));
        if (!ofService) {
            return keeper.dispatch(request);
        }
        if (away) {
            return new MockResponse().setResponseCode(503).setBody("{}");
        }
        if (watch && forgotten.contains(resource)) {
            gone.incrementAndGet();
            return new MockResponse().withWebSocketUpgrade(new WebSocketListener() {
                @Override
                public void onOpen(WebSocket socket, Response response) {
                    socket.send(GONE);
                }
            });
        }
        if (!watch && request.getMethod().equals("GET")) {
            forgotten.remove(resource);
        }
        MockResponse response = keeper.dispatch(request);
        if (response.getWebSocketListener() != null) {
            response.withWebSocketUpgrade(new Noted(response.getWebSocketListener()));
        }
        return response;
    }

    private final class Noted extends WebSocketListener {
        private final WebSocketListener of;

        private Noted(WebSocketListener of) {
            this.of = of;
        }

        @Override
        public void onBeforeAccept(WebSocket socket, Response response) {
            of.onBeforeAccept(socket, response);
        }

        @Override
        public void onOpen(WebSocket socket, Response response) {
            watches.add(socket);
            of.onOpen(socket, response);
        }

        @Override
        public void onMessage(WebSocket socket, String text) {
            of.onMessage(socket, text);
        }

        @Override
        public void onMessage(WebSocket socket, byte[] bytes) {
            of.onMessage(socket, bytes);
        }

        @Override
        public void onClosing(WebSocket socket, int code, String reason) {
            watches.remove(socket);
            of.onClosing(socket, code, reason);
        }

        @Override
        public void onClosed(WebSocket socket, int code, String reason) {
            watches.remove(socket);
            of.onClosed(socket, code, reason);
        }

        @Override
        public void onFailure(WebSocket socket, Throwable cause, Response response) {
            watches.remove(socket);
            of.onFailure(socket, cause, response);
        }
    }
}
