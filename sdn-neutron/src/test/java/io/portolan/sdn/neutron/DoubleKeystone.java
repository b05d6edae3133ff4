package io.portolan.sdn.neutron;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Users, projects and tokens of the double. */
final class DoubleKeystone {
    /** Who a token stands for. */
    record Someone(
            String projectId, String projectName, String user, String password, boolean admin, boolean profiles) {}

    private record Token(Someone who, Instant end) {}

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, Someone> users = new HashMap<>();
    private final Map<String, Someone> applications = new HashMap<>();
    private final Map<String, Token> tokens = new HashMap<>();
    private final Map<String, URI> regions = new HashMap<>();
    private final Map<String, URI> balancing = new HashMap<>();
    private Duration lifetime = Duration.ofHours(1);
    private int logins;

    synchronized Someone user(String name, boolean admin, boolean profiles) {
        String id = UUID.randomUUID().toString().replace("-", "");
        Someone someone = new Someone(id, name, name, UUID.randomUUID().toString(), admin, profiles);
        users.put(name, someone);
        return someone;
    }

    /** Answers the secret; the id is the user's name. */
    synchronized String applicationCredential(String user) {
        String secret = UUID.randomUUID().toString();
        applications.put(user + ":" + secret, users.get(user));
        return secret;
    }

    synchronized void password(String user, String password) {
        Someone old = users.get(user);
        users.put(user, new Someone(old.projectId(), old.projectName(), user, password, old.admin(), old.profiles()));
    }

    synchronized void region(String name, URI network, URI loadBalancing) {
        regions.put(name, network);
        balancing.put(name, loadBalancing);
    }

    /** From now on the catalog has no load balancers. */
    synchronized void withoutOctavia() {
        balancing.clear();
    }

    synchronized void lifetime(Duration time) {
        lifetime = time;
    }

    /** All tokens are good for nothing from now on. */
    synchronized void revoke() {
        tokens.clear();
    }

    /** How often somebody asked for a token. */
    synchronized int logins() {
        return logins;
    }

    synchronized Optional<Someone> who(String token) {
        return Optional.ofNullable(tokens.get(String.valueOf(token)))
                .filter(known -> Instant.now().isBefore(known.end()))
                .map(Token::who);
    }

    /** Answers the token's id by way of the header. */
    synchronized ObjectNode token(JsonNode body, URI identity, Map<String, String> headers) {
        logins++;
        JsonNode how = body.at("/auth/identity");
        JsonNode user = how.at("/password/user");
        JsonNode application = how.path("application_credential");
        Someone who = user.isMissingNode()
                ? applications.get(application.path("id").asText() + ":"
                        + application.path("secret").asText())
                : users.get(user.path("name").asText());
        boolean right = who != null
                && (user.isMissingNode()
                        || (who.password().equals(user.path("password").asText())
                                && who.projectName()
                                        .equals(body.at("/auth/scope/project/name")
                                                .asText())));
        if (!right) {
            throw new DoubleRefused(401, "", "The request you have made requires authentication.");
        }
        String id = "token-" + UUID.randomUUID();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        tokens.put(id, new Token(who, now.plus(lifetime)));
        headers.put("X-Subject-Token", id);
        ObjectNode answer = JSON.createObjectNode();
        ObjectNode token = answer.putObject("token");
        token.putArray("methods").add(user.isMissingNode() ? "application_credential" : "password");
        token.put("issued_at", stamp(now)).put("expires_at", stamp(now.plus(lifetime)));
        token.putObject("user")
                .put("id", who.user())
                .put("name", who.user())
                .putObject("domain")
                .put("id", "default");
        token.putObject("project")
                .put("id", who.projectId())
                .put("name", who.projectName())
                .putObject("domain")
                .put("id", "default");
        ArrayNode catalog = token.putArray("catalog");
        service(catalog, "identity", "keystone", Map.of("RegionOne", identity));
        service(catalog, "network", "neutron", regions);
        service(catalog, "load-balancer", "octavia", balancing);
        return answer;
    }

    private static String stamp(Instant time) {
        return time.toString().replaceFirst("(\\.\\d{3})?Z$", "") + ".000000Z";
    }

    private static void service(ArrayNode catalog, String type, String name, Map<String, URI> regions) {
        ObjectNode service =
                catalog.addObject().put("id", name).put("type", type).put("name", name);
        ArrayNode endpoints = service.putArray("endpoints");
        regions.forEach((region, url) -> endpoints
                .addObject()
                .put("id", name + region)
                .put("interface", "public")
                .put("region", region)
                .put("region_id", region)
                .put("url", url.toString()));
    }
}
