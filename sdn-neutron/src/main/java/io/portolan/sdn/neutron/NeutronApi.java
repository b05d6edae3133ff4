package io.portolan.sdn.neutron;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.portolan.sdn.SdnFailure.Unavailable;
import io.portolan.sdn.neutron.Found.Kind;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openstack4j.api.OSClient.OSClientV3;
import org.openstack4j.api.exceptions.ConnectionException;
import org.openstack4j.api.types.ServiceType;
import org.openstack4j.core.transport.HttpMethod;
import org.openstack4j.core.transport.HttpRequest;
import org.openstack4j.core.transport.HttpResponse;
import org.openstack4j.core.transport.ObjectMapperSingleton;
import org.openstack4j.openstack.OSFactory;
import org.openstack4j.openstack.common.functions.EnforceVersionToURL;
import org.openstack4j.openstack.internal.BaseOpenStackService;

/** Neutron's calls, or Octavia's, each with a token that is good. A token that is not taken is replaced once. */
final class NeutronApi extends BaseOpenStackService {
    private static final ObjectMapper JSON = ObjectMapperSingleton.getContext(Object.class);

    private final Login login;
    private final String prefix;

    private NeutronApi(Login login, ServiceType type, String version, String prefix) {
        super(type, EnforceVersionToURL.instance(version));
        this.login = login;
        this.prefix = prefix;
    }

    static NeutronApi neutron(Login login) {
        return new NeutronApi(login, ServiceType.NETWORK, "/v2.0", "");
    }

    /** The other service's calls, by the same token. */
    NeutronApi octavia() {
        return new NeutronApi(login, ServiceType.OCTAVIA, "/v2", "/lbaas");
    }

    /** Whether the cloud has load balancers at all, as its catalog says. */
    boolean hasOctavia() {
        return login.session().token().getCatalog().stream()
                .anyMatch(service -> service.getType().equals(ServiceType.OCTAVIA.getType())
                        && !service.getEndpoints().isEmpty());
    }

    /** The project that we act in. */
    String project() {
        return login.session().project();
    }

    /** What the project can see of a kind, over all pages. */
    <T extends Found> List<T> list(Kind<T> kind, Query query) {
        return list("/" + kind.path(), kind, query);
    }

    /** What belongs to one of another kind. */
    <T extends Found> List<T> listBelow(Kind<?> parent, String id, Kind<T> kind) {
        return list(path(parent, id) + "/" + kind.path(), kind, Query.ALL);
    }

    private <T extends Found> List<T> list(String path, Kind<T> kind, Query query) {
        List<T> found = new ArrayList<>();
        Query page = query;
        while (true) {
            JsonNode body =
                    call(HttpMethod.GET, path, page, null, null).orThrow().body();
            JsonNode items = body.path(kind.many());
            if (!items.isArray()) {
                throw new Unavailable("an answer without " + kind.many());
            }
            items.forEach(item -> found.add(read(kind, item)));
            boolean more =
                    body.path(kind.many() + "_links").findValuesAsText("rel").contains("next");
            if (!more || items.isEmpty()) {
                return found;
            }
            page = query.and("marker", found.getLast().id());
        }
    }

    /** Those of our project with any of these values: a mark on somebody else's object means nothing. */
    <T extends Found> List<T> ours(Kind<T> kind, String name, Collection<String> values) {
        String project = project();
        return Query.any(name, values).stream()
                .flatMap(query -> list(kind, query.and("project_id", project)).stream())
                .toList();
    }

    /** Those with any of these values. */
    <T extends Found> List<T> list(Kind<T> kind, String name, Collection<String> values) {
        return Query.any(name, values).stream()
                .flatMap(query -> list(kind, query).stream())
                .toList();
    }

    <T extends Found> Optional<T> find(Kind<T> kind, String id) {
        Answer answer = call(HttpMethod.GET, path(kind, id), Query.ALL, null, null);
        return answer.missing() ? Optional.empty() : Optional.of(read(kind, answer.orThrow()));
    }

    /** Whether the cloud has this extension of the API. */
    boolean has(String extension) {
        Answer answer = call(HttpMethod.GET, "/extensions/" + extension, Query.ALL, null, null);
        return !answer.missing() && answer.orThrow().ok();
    }

    <T extends Found> Answer create(Kind<T> kind, Map<String, Object> fields) {
        return call(HttpMethod.POST, "/" + kind.path(), Query.ALL, Body.of(kind.one(), fields), null);
    }

    /** All of them or none. */
    <T extends Found> Answer createAll(Kind<T> kind, List<Map<String, Object>> all) {
        return call(HttpMethod.POST, "/" + kind.path(), Query.ALL, Body.of(kind.many(), all), null);
    }

    /** Only if it is still as it was found, where a revision is given; else {@link Overtaken}. */
    <T extends Found> T update(Kind<T> kind, T found, @Nullable Integer revision, Map<String, Object> fields) {
        Answer answer = call(HttpMethod.PUT, path(kind, found.id()), Query.ALL, Body.of(kind.one(), fields), revision);
        if (answer.missing()) {
            throw new Overtaken(found.id() + " is gone");
        }
        return read(kind, answer.orThrow());
    }

    /** An action such as {@code add_router_interface}. */
    <T extends Found> Answer act(Kind<T> kind, String id, String action, Map<String, Object> fields) {
        return call(HttpMethod.PUT, path(kind, id) + "/" + action, Query.ALL, new Body(fields), null);
    }

    <T extends Found> Answer delete(Kind<T> kind, String id) {
        return delete(kind, id, Query.ALL);
    }

    <T extends Found> Answer delete(Kind<T> kind, String id, Query how) {
        return call(HttpMethod.DELETE, path(kind, id), how, null, null);
    }

    /** Without a condition. */
    <T extends Found> Answer put(Kind<T> kind, String id, Map<String, Object> fields) {
        return call(HttpMethod.PUT, path(kind, id), Query.ALL, Body.of(kind.one(), fields), null);
    }

    /** Replaces all of a kind that belong to one of another kind. */
    <T extends Found> Answer putBelow(Kind<?> parent, String id, Kind<T> kind, List<Map<String, Object>> all) {
        return call(HttpMethod.PUT, path(parent, id) + "/" + kind.path(), Query.ALL, Body.of(kind.many(), all), null);
    }

    /** One of those that belong to one of another kind. */
    Answer putBelow(Kind<?> parent, String id, Kind<?> kind, String one, Map<String, Object> fields) {
        return call(HttpMethod.PUT, path(parent, id) + path(kind, one), Query.ALL, Body.of(kind.one(), fields), null);
    }

    Answer deleteBelow(Kind<?> parent, String id, Kind<?> kind, String one) {
        return call(HttpMethod.DELETE, path(parent, id) + path(kind, one), Query.ALL, null, null);
    }

    static <T extends Found> T read(Kind<T> kind, Answer answer) {
        return read(kind, answer.body().path(kind.one()));
    }

    static <T extends Found> List<T> readAll(Kind<T> kind, Answer answer) {
        List<T> all = new ArrayList<>();
        answer.body().path(kind.many()).forEach(item -> all.add(read(kind, item)));
        return all;
    }

    private static <T extends Found> T read(Kind<T> kind, JsonNode item) {
        try {
            return JSON.treeToValue(item, kind.type());
        } catch (JsonProcessingException e) {
            throw new Unavailable("a %s that cannot be read: %s".formatted(kind.one(), e.getOriginalMessage()), e);
        }
    }

    private static String path(Kind<?> kind, String id) {
        return "/" + kind.path() + "/" + id;
    }

    private Answer call(HttpMethod method, String path, Query query, @Nullable Body body, @Nullable Integer revision) {
        Session session = login.session();
        Answer answer = send(session, method, path, query, body, revision);
        return answer.status() == 401 ? send(login.insteadOf(session), method, path, query, body, revision) : answer;
    }

    private Answer send(
            Session session,
            HttpMethod method,
            String path,
            Query query,
            @Nullable Body body,
            @Nullable Integer revision) {
        String full = prefix + path;
        // openstack4j looks for the session on the thread.
        OSClientV3 client =
                OSFactory.clientFromToken(session.token(), session.credential().facing(), session.config());
        client.useRegion(session.credential().region());
        Invocation<JsonNode> invocation = request(method, JsonNode.class, full);
        query.filters().forEach(filter -> invocation.param(filter.name(), filter.value()));
        if (body != null) {
            invocation.entity(body);
        }
        if (revision != null) {
            invocation.header("If-Match", "revision_number=" + revision);
        }
        HttpRequest<JsonNode> request = invocation.getRequest();
        URI endpoint = URI.create(request.getEndpoint());
        String call = method + " " + endpoint.getPath() + full;
        try {
            HttpResponse response = invocation.executeWithResponse();
            return Answer.of(call, endpoint.getAuthority(), response);
        } catch (ConnectionException e) {
            throw new Unavailable(
                    "%s did not answer %s: %s".formatted(endpoint.getAuthority(), call, e.getMessage()), e);
        }
    }
}
