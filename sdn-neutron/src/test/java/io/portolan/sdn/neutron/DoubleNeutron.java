package io.portolan.sdn.neutron;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What the double's Neutron has, and its rules, of which each is one that a real one was seen to keep. One call at a time. */
final class DoubleNeutron {
    /** @param path below {@code /v2.0/} */
    record Request(
            String method, String path, Map<String, List<String>> filters, JsonNode body, String ifMatch, URI base) {}

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MTU = 1442;

    private final Map<String, Map<String, ObjectNode>> all = new LinkedHashMap<>();
    /** By subnet; also what no port has any more. */
    private final Map<String, Set<String>> allocated = new HashMap<>();

    private final Map<String, Integer> quotas = new HashMap<>();
    /** Networks that one project shares with another. */
    private final Set<String> lent = new HashSet<>();

    private final DoubleGroups groups = new DoubleGroups(all);

    private boolean trunks = true;
    private int pageSize;
    private long clock;

    DoubleNeutron() {
        for (String collection : List.of(
                "networks",
                "subnets",
                "ports",
                "routers",
                "trunks",
                "security-groups",
                "security-group-rules",
                "floatingips")) {
            all.put(collection, new LinkedHashMap<>());
        }
    }

    static Map<String, List<String>> filters(String query) {
        Map<String, List<String>> filters = new HashMap<>();
        if (query != null) {
            for (String pair : query.split("&")) {
                String[] parts = pair.split("=", 2);
                filters.computeIfAbsent(text(parts[0]), name -> new ArrayList<>())
                        .add(text(parts[1]));
            }
        }
        return filters;
    }

    private static String text(String encoded) {
        return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
    }

    synchronized void plug(String port, boolean up) {
        String status = up ? "ACTIVE" : "DOWN";
        find("ports", port).put("status", status);
        for (ObjectNode trunk : all.get("trunks").values()) {
            if (trunk.path("port_id").asText().equals(port)) {
                trunk.path("sub_ports")
                        .forEach(sub ->
                                find("ports", sub.path("port_id").asText()).put("status", status));
            }
        }
    }

    /** The port that OVN's provider makes for a balancer's address. */
    synchronized ObjectNode vipPort(DoubleKeystone.Someone who, String name, String subnet, String address) {
        ObjectNode fields = JSON.createObjectNode();
        fields.put("name", name);
        fields.put("network_id", find("subnets", subnet).path("network_id").asText());
        fields.putArray("fixed_ips").addObject().put("subnet_id", subnet).put("ip_address", address);
        return make(who, "ports", fields);
    }

    /** As a service of the cloud does it; what is gone is gone. */
    synchronized void dropPort(String id) {
        ObjectNode port = all.get("ports").get(id);
        if (port != null) {
            drop(port);
        }
    }

    synchronized boolean hasSubnet(String id) {
        return all.get("subnets").containsKey(id);
    }

    synchronized Cidr cidr(String subnet) {
        return Cidr.parse(find("subnets", subnet).path("cidr").asText());
    }

    synchronized void withoutTrunks() {
        trunks = false;
    }

    synchronized void pageSize(int size) {
        pageSize = size;
    }

    synchronized void quota(String project, String kind, int limit) {
        quotas.put(project + " " + kind, limit);
    }

    synchronized Optional<ObjectNode> handle(DoubleKeystone.Someone who, Request request) {
        String[] parts = request.path().split("/");
        String collection = parts[0];
        if (collection.equals("extensions")) {
            return Optional.of(extension(parts[1]));
        }
        if (collection.equals("quotas")) {
            request.body()
                    .path("quota")
                    .properties()
                    .forEach(limit ->
                            quota(parts[1], limit.getKey(), limit.getValue().asInt()));
            return Optional.of(JSON.createObjectNode());
        }
        if (collection.equals("rbac-policies")) {
            JsonNode policy = request.body().path("rbac_policy");
            lent.add(policy.path("object_id").asText() + " "
                    + policy.path("target_tenant").asText());
            return Optional.of(JSON.createObjectNode());
        }
        if (!all.containsKey(collection) || (collection.equals("trunks") && !trunks)) {
            throw new DoubleRefused(404, "HTTPNotFound", "The resource could not be found.");
        }
        String one = collection.substring(0, collection.length() - 1).replace('-', '_');
        return switch (request.method()) {
            case "GET" ->
                Optional.of(
                        parts.length == 1
                                ? list(who, collection, request)
                                : wrapped(one, shown(who, collection, visible(who, collection, parts[1]))));
            case "POST" -> Optional.of(post(who, collection, one, request.body()));
            case "PUT" -> put(who, collection, one, parts, request);
            case "DELETE" -> {
                delete(collection, visible(who, collection, parts[1]));
                yield Optional.empty();
            }
            default -> throw new DoubleRefused(405, "HTTPMethodNotAllowed", request.method());
        };
    }

    private ObjectNode extension(String alias) {
        if (alias.equals("trunk") && trunks) {
            return wrapped("extension", JSON.createObjectNode().put("alias", alias));
        }
        throw new DoubleRefused(404, "HTTPNotFound", "Extension not found: " + alias);
    }

    private static ObjectNode wrapped(String name, JsonNode content) {
        ObjectNode wrapped = JSON.createObjectNode();
        wrapped.set(name, content);
        return wrapped;
    }

    private ObjectNode find(String collection, String id) {
        ObjectNode found = all.get(collection).get(id);
        if (found == null) {
            String kind = groups.kind(collection)
                    .orElse(Character.toUpperCase(collection.charAt(0))
                            + collection.substring(1, collection.length() - 1));
            throw new DoubleRefused(404, kind + "NotFound", "%s %s could not be found.".formatted(kind, id));
        }
        return found;
    }

    private ObjectNode visible(DoubleKeystone.Someone who, String collection, String id) {
        ObjectNode found = find(collection, id);
        if (!sees(who, collection, found)) {
            return find(collection, "of-another-project-" + id);
        }
        return found;
    }

    private boolean sees(DoubleKeystone.Someone who, String collection, ObjectNode object) {
        boolean own = who.admin() || object.path("project_id").asText().equals(who.projectId());
        if (own || !List.of("networks", "subnets", "ports").contains(collection)) {
            return own;
        }
        ObjectNode network = collection.equals("networks")
                ? object
                : find("networks", object.path("network_id").asText());
        boolean networksOwner = network.path("project_id").asText().equals(who.projectId());
        boolean open = network.path("shared").asBoolean()
                || (collection.equals("networks")
                        && network.path("router:external").asBoolean())
                || lent.contains(network.path("id").asText() + " " + who.projectId());
        return networksOwner || (open && !collection.equals("ports"));
    }

    private ObjectNode shown(DoubleKeystone.Someone who, String collection, ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        if (collection.equals("ports") && !who.admin() && !who.profiles()) {
            copy.remove("binding:profile");
        }
        if (collection.equals("security-groups")) {
            copy.set("security_group_rules", groups.rules(copy.path("id").asText()));
        }
        return copy;
    }

    private ObjectNode list(DoubleKeystone.Someone who, String collection, Request request) {
        String many = collection.replace('-', '_');
        if (collection.equals("security-groups")) {
            usual(who);
        }
        List<ObjectNode> found = all.get(collection).values().stream()
                .filter(object -> sees(who, collection, object) && matches(object, request.filters()))
                .toList();
        List<String> marker = request.filters().get("marker");
        if (marker != null) {
            List<String> ids = found.stream().map(o -> o.path("id").asText()).toList();
            found = found.subList(ids.indexOf(marker.getFirst()) + 1, found.size());
        }
        ObjectNode answer = JSON.createObjectNode();
        boolean more = pageSize > 0 && found.size() > pageSize;
        ArrayNode items = answer.putArray(many);
        (more ? found.subList(0, pageSize) : found).forEach(object -> items.add(shown(who, collection, object)));
        if (more) {
            answer.putArray(many + "_links")
                    .addObject()
                    .put("rel", "next")
                    .put("href", request.base() + "/v2.0/" + collection + "?marker=…");
        }
        return answer;
    }

    private static boolean matches(ObjectNode object, Map<String, List<String>> filters) {
        return filters.entrySet().stream().allMatch(filter -> switch (filter.getKey()) {
            case "marker", "limit", "fields" -> true;
            case "fixed_ips" ->
                addresses(object)
                        .anyMatch(fixed -> filter.getValue()
                                .contains("subnet_id=" + fixed.path("subnet_id").asText()));
            case "security_groups" ->
                StreamSupport.stream(object.path("security_groups").spliterator(), false)
                        .anyMatch(id -> filter.getValue().contains(id.asText()));
            default ->
                filter.getValue().stream()
                        .anyMatch(value -> value.equalsIgnoreCase(
                                object.path(filter.getKey()).asText()));
        });
    }

    private static Stream<JsonNode> addresses(JsonNode port) {
        return StreamSupport.stream(port.path("fixed_ips").spliterator(), false);
    }

    private ObjectNode post(DoubleKeystone.Someone who, String collection, String one, JsonNode body) {
        String many = collection.replace('-', '_');
        if (body.has(many)) {
            JsonNode items = body.path(many);
            refuseOverQuota(who, one, items.size());
            List<ObjectNode> made = new ArrayList<>();
            try {
                items.forEach(item -> made.add(make(who, collection, item)));
            } catch (DoubleRefused e) {
                // Neutron 21: the objects are taken back, their addresses are not.
                made.forEach(
                        object -> all.get(collection).remove(object.path("id").asText()));
                throw e;
            }
            ArrayNode shown = JSON.createArrayNode();
            made.forEach(object -> shown.add(shown(who, collection, object)));
            return wrapped(many, shown);
        }
        refuseOverQuota(who, one, 1);
        return wrapped(one, shown(who, collection, make(who, collection, body.path(one))));
    }

    private void refuseOverQuota(DoubleKeystone.Someone who, String kind, int more) {
        int limit = quotas.getOrDefault(who.projectId() + " " + kind, -1);
        long used = all.get(kind.replace('_', '-') + "s").values().stream()
                .filter(object -> object.path("project_id").asText().equals(who.projectId()))
                .count();
        if (limit >= 0 && used + more > limit) {
            throw new DoubleRefused(409, "OverQuota", "Quota exceeded for resources: ['%s'].".formatted(kind));
        }
    }

    private ObjectNode make(DoubleKeystone.Someone who, String collection, JsonNode fields) {
        ObjectNode object = JSON.createObjectNode();
        object.put("id", UUID.randomUUID().toString());
        object.put("name", "").put("description", "");
        object.put("project_id", who.projectId()).put("tenant_id", who.projectId());
        object.put("admin_state_up", true).put("status", collection.equals("networks") ? "ACTIVE" : "DOWN");
        object.put("created_at", Instant.EPOCH.plusMillis(++clock).toString());
        object.put("revision_number", 1);
        object.setAll((ObjectNode) fields);
        switch (collection) {
            case "networks" -> network(who, object);
            case "subnets" -> subnet(who, object);
            case "ports" -> port(who, object);
            case "routers" -> router(who, object);
            case "trunks" -> trunk(who, object);
            case "floatingips" -> floatingIp(who, object);
            case "security-groups" -> {
                if (object.path("name").asText().equals("default")) {
                    throw new DoubleRefused(
                            409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.");
                }
                groups.letOut(object);
            }
            case "security-group-rules" -> {
                visible(who, "security-groups", object.path("security_group_id").asText());
                if (object.hasNonNull("remote_group_id")) {
                    visible(
                            who,
                            "security-groups",
                            object.path("remote_group_id").asText());
                }
                groups.complete(object);
            }
            default -> throw new DoubleRefused(400, "HTTPBadRequest", "not in this double: " + collection);
        }
        all.get(collection).put(object.path("id").asText(), object);
        return object;
    }

    private static void network(DoubleKeystone.Someone who, ObjectNode network) {
        if (network.path("router:external").asBoolean() && !who.admin()) {
            throw forbidden("create_network:router:external");
        }
        network.putIfAbsent("router:external", JSON.getNodeFactory().booleanNode(false));
        network.putIfAbsent("shared", JSON.getNodeFactory().booleanNode(false));
        network.putIfAbsent("mtu", JSON.getNodeFactory().numberNode(MTU));
        refuseMtu(network);
        network.putArray("subnets");
    }

    private static void refuseMtu(JsonNode network) {
        if (network.path("mtu").asInt() > MTU) {
            throw new DoubleRefused(
                    400,
                    "InvalidInput",
                    "Invalid input for operation: Requested MTU is too big, maximum is %d.".formatted(MTU));
        }
    }

    private static DoubleRefused forbidden(String rule) {
        return new DoubleRefused(403, "PolicyNotAuthorized", "rule:%s is disallowed by policy".formatted(rule));
    }

    private void subnet(DoubleKeystone.Someone who, ObjectNode subnet) {
        ObjectNode network = visible(who, "networks", subnet.path("network_id").asText());
        if (!who.admin() && !network.path("project_id").asText().equals(who.projectId())) {
            throw forbidden("create_subnet");
        }
        Cidr cidr = Cidr.parse(subnet.path("cidr").asText());
        for (ObjectNode other : all.get("subnets").values()) {
            if (other.path("network_id").equals(subnet.path("network_id"))
                    && Cidr.parse(other.path("cidr").asText()).overlaps(cidr)) {
                throw new DoubleRefused(
                        400,
                        "InvalidInput",
                        "Invalid input for operation: Requested subnet with cidr: %s for network: %s overlaps with another subnet."
                                .formatted(cidr, network.path("id").asText()));
            }
        }
        String id = subnet.path("id").asText();
        subnet.putIfAbsent(
                "gateway_ip", JSON.getNodeFactory().textNode(cidr.address(1).toString()));
        if (!subnet.has("allocation_pools")) {
            subnet.putArray("allocation_pools")
                    .addObject()
                    .put("start", cidr.address(2).toString())
                    .put("end", cidr.address(-2).toString());
        }
        allocated.put(id, new HashSet<>());
        ((ArrayNode) network.path("subnets")).add(id);
    }

    private void port(DoubleKeystone.Someone who, ObjectNode port) {
        ObjectNode network = visible(who, "networks", port.path("network_id").asText());
        boolean own = who.admin() || network.path("project_id").asText().equals(who.projectId());
        if (!own && (port.has("mac_address") || port.has("fixed_ips"))) {
            throw forbidden("create_port:mac_address");
        }
        if (port.has("binding:profile")) {
            refuseProfile(who, port);
        }
        port.putIfAbsent(
                "mac_address",
                JSON.getNodeFactory()
                        .textNode("fa:16:3e:%02x:%02x:%02x"
                                .formatted(++clock >> 16 & 0xff, clock >> 8 & 0xff, clock & 0xff)));
        for (ObjectNode other : all.get("ports").values()) {
            if (other.path("network_id").equals(port.path("network_id"))
                    && other.path("mac_address").equals(port.path("mac_address"))) {
                throw new DoubleRefused(
                        409,
                        "MacAddressInUse",
                        "Unable to complete operation for network %s. The mac address %s is in use."
                                .formatted(
                                        network.path("id").asText(),
                                        port.path("mac_address").asText()));
            }
        }
        if (port.has("security_groups")) {
            refuseUnknownGroups(who, port);
        } else {
            ArrayNode in = port.putArray("security_groups");
            if (!who.projectId().isEmpty()) {
                in.add(usual(who));
            }
        }
        allocate(network, port);
        port.put("device_owner", port.path("device_owner").asText(""));
        port.put("device_id", port.path("device_id").asText(""));
        port.putIfAbsent("binding:profile", JSON.createObjectNode());
    }

    /** The group that a project has from when it is asked for. */
    private String usual(DoubleKeystone.Someone who) {
        return groups.usual(who.projectId());
    }

    private void refuseUnknownGroups(DoubleKeystone.Someone who, JsonNode port) {
        port.path("security_groups").forEach(id -> visible(who, "security-groups", id.asText()));
    }

    private void refuseProfile(DoubleKeystone.Someone who, JsonNode port) {
        if (!who.admin() && !who.profiles()) {
            throw forbidden("create_port:binding:profile");
        }
        String parent = port.path("binding:profile").path("parent_name").asText();
        if (!parent.isEmpty()) {
            find("ports", parent);
        }
    }

    private void allocate(ObjectNode network, ObjectNode port) {
        boolean given = port.has("fixed_ips");
        List<JsonNode> wanted = addresses(port).toList();
        ArrayNode fixed = port.putArray("fixed_ips");
        if (!given) {
            for (JsonNode id : network.path("subnets")) {
                fixed.addObject().put("subnet_id", id.asText()).put("ip_address", next(find("subnets", id.asText())));
                return;
            }
        }
        for (JsonNode each : wanted) {
            ObjectNode subnet = find("subnets", each.path("subnet_id").asText());
            String address = each.has("ip_address") ? each.path("ip_address").asText() : next(subnet);
            if (each.has("ip_address")) {
                take(subnet, address);
            }
            fixed.addObject().put("subnet_id", subnet.path("id").asText()).put("ip_address", address);
        }
    }

    private void take(ObjectNode subnet, String address) {
        String id = subnet.path("id").asText();
        if (!Cidr.parse(subnet.path("cidr").asText()).contains(IpAddress.parse(address))) {
            throw new DoubleRefused(
                    400,
                    "InvalidIpForSubnet",
                    "IP address %s is not a valid IP for the specified subnet.".formatted(address));
        }
        if (!allocated.get(id).add(address)) {
            throw new DoubleRefused(
                    409,
                    "IpAddressAlreadyAllocated",
                    "IP address %s already allocated in subnet %s".formatted(address, id));
        }
    }

    private String next(ObjectNode subnet) {
        Set<String> taken = allocated.get(subnet.path("id").asText());
        for (JsonNode pool : subnet.path("allocation_pools")) {
            IpAddress end = IpAddress.parse(pool.path("end").asText());
            for (IpAddress each = IpAddress.parse(pool.path("start").asText());
                    each.compareTo(end) <= 0;
                    each = each.plus(1)) {
                boolean gateway =
                        each.toString().equals(subnet.path("gateway_ip").asText());
                if (!gateway && taken.add(each.toString())) {
                    return each.toString();
                }
            }
        }
        throw new DoubleRefused(
                409,
                "IpAddressGenerationFailure",
                "No more IP addresses available on network %s."
                        .formatted(subnet.path("network_id").asText()));
    }

    private void router(DoubleKeystone.Someone who, ObjectNode router) {
        router.put("status", "ACTIVE");
        router.putIfAbsent("routes", JSON.createArrayNode());
        JsonNode gateway = router.path("external_gateway_info");
        router.putNull("external_gateway_info");
        if (gateway.hasNonNull("network_id")) {
            gateway(who, router, gateway.path("network_id").asText());
        }
    }

    private void gateway(DoubleKeystone.Someone who, ObjectNode router, String networkId) {
        ObjectNode network = visible(who, "networks", networkId);
        if (!network.path("router:external").asBoolean()) {
            throw new DoubleRefused(
                    400,
                    "BadRequest",
                    "Bad router request: Network %s is not an external network.".formatted(networkId));
        }
        dropGateway(router);
        ObjectNode port = JSON.createObjectNode();
        port.put("network_id", networkId).put("device_owner", "network:router_gateway");
        port.put("device_id", router.path("id").asText());
        DoubleKeystone.Someone nobody = new DoubleKeystone.Someone("", "", "", "", true, true);
        ObjectNode made = make(nobody, "ports", port);
        ObjectNode info = router.putObject("external_gateway_info");
        info.put("network_id", networkId).put("enable_snat", true);
        info.set("external_fixed_ips", made.path("fixed_ips").deepCopy());
    }

    private void floatingIp(DoubleKeystone.Someone who, ObjectNode floating) {
        if (floating.has("floating_ip_address") && !who.admin()) {
            throw forbidden("create_floatingip:floating_ip_address");
        }
        ObjectNode network =
                visible(who, "networks", floating.path("floating_network_id").asText());
        String wanted = floating.path("port_id").asText("");
        floating.putNull("port_id");
        if (!wanted.isEmpty()) {
            lead(who, floating, wanted);
        }
        ObjectNode port = JSON.createObjectNode();
        port.put("network_id", network.path("id").asText()).put("device_owner", "network:floatingip");
        port.put("device_id", floating.path("id").asText());
        if (floating.has("floating_ip_address")) {
            port.putArray("fixed_ips")
                    .addObject()
                    .put("subnet_id", network.path("subnets").path(0).asText())
                    .put("ip_address", floating.path("floating_ip_address").asText());
        }
        DoubleKeystone.Someone nobody = new DoubleKeystone.Someone("", "", "", "", true, true);
        ObjectNode made = make(nobody, "ports", port);
        floating.put("floating_ip_address", made.at("/fixed_ips/0/ip_address").asText());
    }

    private void lead(DoubleKeystone.Someone who, ObjectNode floating, String portId) {
        ObjectNode port = visible(who, "ports", portId);
        String subnet = port.at("/fixed_ips/0/subnet_id").asText();
        boolean reached = all.get("routers").values().stream()
                .filter(router ->
                        router.at("/external_gateway_info/network_id").equals(floating.path("floating_network_id")))
                .anyMatch(router -> portsOf(router, DoubleNeutron::isInterface).stream()
                        .flatMap(DoubleNeutron::addresses)
                        .anyMatch(fixed -> fixed.path("subnet_id").asText().equals(subnet)));
        if (!reached) {
            throw new DoubleRefused(
                    404,
                    "ExternalGatewayForFloatingIPNotFound",
                    "External network %s is not reachable from subnet %s. Therefore, cannot associate Port %s with a Floating IP."
                            .formatted(floating.path("floating_network_id").asText(), subnet, portId));
        }
        boolean led = all.get("floatingips").values().stream()
                .anyMatch(other -> !other.path("id").equals(floating.path("id"))
                        && other.path("port_id").asText().equals(portId));
        if (led) {
            throw new DoubleRefused(
                    409,
                    "FloatingIPPortAlreadyAssociated",
                    "Cannot associate floating IP with port %s: it already has one.".formatted(portId));
        }
        floating.put("port_id", portId);
    }

    private void dropGateway(ObjectNode router) {
        portsOf(router, port -> port.path("device_owner").asText().equals("network:router_gateway"))
                .forEach(this::drop);
    }

    private List<ObjectNode> portsOf(ObjectNode router, Predicate<ObjectNode> which) {
        return all.get("ports").values().stream()
                .filter(port -> port.path("device_id").equals(router.path("id")) && which.test(port))
                .toList();
    }

    private static boolean isInterface(ObjectNode port) {
        return port.path("device_owner").asText().equals("network:router_interface");
    }

    private void drop(ObjectNode port) {
        all.get("floatingips").values().stream()
                .filter(floating -> floating.path("port_id").equals(port.path("id")))
                .forEach(floating -> floating.putNull("port_id"));
        addresses(port)
                .forEach(fixed -> allocated
                        .getOrDefault(fixed.path("subnet_id").asText(), new HashSet<>())
                        .remove(fixed.path("ip_address").asText()));
        all.get("ports").remove(port.path("id").asText());
    }

    private void trunk(DoubleKeystone.Someone who, ObjectNode trunk) {
        ObjectNode parent = visible(who, "ports", trunk.path("port_id").asText());
        String id = parent.path("id").asText();
        for (ObjectNode other : all.get("trunks").values()) {
            if (other.path("port_id").asText().equals(id)) {
                throw new DoubleRefused(
                        409,
                        "ParentPortInUse",
                        "Port %s is currently in use and is not eligible for use as a parent port.".formatted(id));
            }
        }
        if (parent.path("device_owner").asText().equals("trunk:subport")) {
            throw new DoubleRefused(409, "TrunkPortInUse", "Port %s is in use by another trunk.".formatted(id));
        }
        JsonNode wanted = trunk.path("sub_ports").deepCopy();
        trunk.putArray("sub_ports");
        addSubPorts(who, trunk, wanted);
    }

    private void addSubPorts(DoubleKeystone.Someone who, ObjectNode trunk, JsonNode wanted) {
        Set<Integer> tags = new HashSet<>();
        trunk.path("sub_ports")
                .forEach(sub -> tags.add(sub.path("segmentation_id").asInt()));
        List<ObjectNode> ports = new ArrayList<>();
        for (JsonNode sub : wanted) {
            ObjectNode port = visible(who, "ports", sub.path("port_id").asText());
            String id = port.path("id").asText();
            if (port.path("device_owner").asText().equals("trunk:subport")) {
                throw new DoubleRefused(409, "TrunkPortInUse", "Port %s is in use by another trunk.".formatted(id));
            }
            if (!port.path("device_id").asText().isEmpty()) {
                throw new DoubleRefused(409, "PortInUse", "Port %s already has an attached device.".formatted(id));
            }
            if (!tags.add(sub.path("segmentation_id").asInt())) {
                throw new DoubleRefused(
                        409,
                        "DuplicateSubPort",
                        "segmentation_type vlan and segmentation_id %d already in use on trunk %s."
                                .formatted(
                                        sub.path("segmentation_id").asInt(),
                                        trunk.path("id").asText()));
            }
            ports.add(port);
        }
        String status =
                find("ports", trunk.path("port_id").asText()).path("status").asText();
        ports.forEach(port -> port.put("device_owner", "trunk:subport").put("status", status));
        wanted.forEach(sub -> ((ArrayNode) trunk.path("sub_ports")).add(sub.deepCopy()));
    }

    private void removeSubPorts(ObjectNode trunk, JsonNode unwanted) {
        Set<String> ids = new HashSet<>();
        unwanted.forEach(sub -> ids.add(sub.path("port_id").asText()));
        Set<String> there = new HashSet<>();
        trunk.path("sub_ports").forEach(sub -> there.add(sub.path("port_id").asText()));
        for (String id : ids) {
            if (!there.contains(id)) {
                throw new DoubleRefused(
                        404,
                        "SubPortNotFound",
                        "SubPort %s on trunk %s could not be found."
                                .formatted(id, trunk.path("id").asText()));
            }
        }
        ArrayNode left = JSON.createArrayNode();
        for (JsonNode sub : trunk.path("sub_ports")) {
            if (ids.contains(sub.path("port_id").asText())) {
                release(sub);
            } else {
                left.add(sub);
            }
        }
        trunk.set("sub_ports", left);
    }

    private void release(JsonNode sub) {
        find("ports", sub.path("port_id").asText()).put("device_owner", "").put("status", "DOWN");
    }

    private Optional<ObjectNode> put(
            DoubleKeystone.Someone who, String collection, String one, String[] parts, Request request) {
        ObjectNode object = visible(who, collection, parts[1]);
        if (parts.length > 2) {
            bump(object);
            return Optional.of(act(who, object, parts[2], request.body()));
        }
        if (collection.equals("routers") && request.body().path(one).has("external_gateway_info")) {
            // Before it looks at the condition.
            bump(object);
        }
        int revision = object.path("revision_number").asInt();
        if (request.ifMatch() != null && !request.ifMatch().equals("revision_number=" + revision)) {
            throw new DoubleRefused(
                    412,
                    "RevisionNumberConstraintFailed",
                    "Constrained to %s, but current revision is %d".formatted(request.ifMatch(), revision));
        }
        ObjectNode changes = (ObjectNode) request.body().path(one).deepCopy();
        if (changes.has("binding:profile")) {
            refuseProfile(who, changes);
        }
        if (changes.has("mac_address") && !who.admin()) {
            throw forbidden("update_port:mac_address");
        }
        if (collection.equals("networks")) {
            refuseMtu(changes);
        }
        if (collection.equals("floatingips") && changes.has("port_id")) {
            JsonNode port = changes.remove("port_id");
            object.putNull("port_id");
            if (!port.isNull()) {
                lead(who, object, port.asText());
            }
        }
        if (collection.equals("routers") && changes.has("external_gateway_info")) {
            JsonNode gateway = changes.remove("external_gateway_info");
            if (gateway.hasNonNull("network_id")) {
                gateway(who, object, gateway.path("network_id").asText());
            } else {
                dropGateway(object);
                object.putNull("external_gateway_info");
            }
        }
        if (changes.has("security_groups")) {
            refuseUnknownGroups(who, changes);
        }
        if (collection.equals("ports") && changes.has("fixed_ips")) {
            readdress(object, changes);
        }
        object.setAll(changes);
        bump(object);
        return Optional.of(wrapped(one, shown(who, collection, object)));
    }

    private void readdress(ObjectNode port, ObjectNode changes) {
        addresses(port)
                .forEach(fixed -> allocated
                        .get(fixed.path("subnet_id").asText())
                        .remove(fixed.path("ip_address").asText()));
        port.set("fixed_ips", changes.remove("fixed_ips"));
        allocate(find("networks", port.path("network_id").asText()), port);
    }

    private static void bump(ObjectNode object) {
        object.put("revision_number", object.path("revision_number").asInt() + 1);
    }

    private ObjectNode act(DoubleKeystone.Someone who, ObjectNode object, String action, JsonNode body) {
        switch (action) {
            case "add_router_interface" -> addInterface(who, object, body);
            case "remove_router_interface" -> removeInterface(object, body);
            case "add_subports" -> addSubPorts(who, object, body.path("sub_ports"));
            case "remove_subports" -> removeSubPorts(object, body.path("sub_ports"));
            case "tags" -> object.set("tags", body.path("tags").deepCopy());
            default -> throw new DoubleRefused(404, "HTTPNotFound", action);
        }
        return object.deepCopy();
    }

    private void addInterface(DoubleKeystone.Someone who, ObjectNode router, JsonNode body) {
        ObjectNode port = null;
        List<String> subnets = new ArrayList<>();
        if (body.has("port_id")) {
            port = visible(who, "ports", body.path("port_id").asText());
            addresses(port).forEach(fixed -> subnets.add(fixed.path("subnet_id").asText()));
            if (!port.path("device_id").asText().isEmpty()) {
                throw new DoubleRefused(
                        409,
                        "PortInUse",
                        "Unable to complete operation on port %s for network %s. Port already has an attached device %s."
                                .formatted(
                                        port.path("id").asText(),
                                        port.path("network_id").asText(),
                                        port.path("device_id").asText()));
            }
        } else {
            subnets.add(body.path("subnet_id").asText());
        }
        subnets.forEach(id -> refuseOverlap(router, visible(who, "subnets", id)));
        if (port == null) {
            ObjectNode subnet = find("subnets", subnets.getFirst());
            ObjectNode fields = JSON.createObjectNode();
            fields.put("network_id", subnet.path("network_id").asText());
            fields.putArray("fixed_ips")
                    .addObject()
                    .put("subnet_id", subnets.getFirst())
                    .put("ip_address", subnet.path("gateway_ip").asText());
            port = make(who, "ports", fields);
        }
        port.put("device_owner", "network:router_interface")
                .put("device_id", router.path("id").asText());
        bump(port);
    }

    private void refuseOverlap(ObjectNode router, ObjectNode subnet) {
        Cidr cidr = Cidr.parse(subnet.path("cidr").asText());
        for (ObjectNode port : portsOf(router, DoubleNeutron::isInterface)) {
            addresses(port).forEach(fixed -> {
                ObjectNode other = find("subnets", fixed.path("subnet_id").asText());
                if (other.path("id").equals(subnet.path("id"))) {
                    throw new DoubleRefused(
                            400,
                            "BadRequest",
                            "Bad router request: Router already has a port on subnet %s."
                                    .formatted(subnet.path("id").asText()));
                }
                if (Cidr.parse(other.path("cidr").asText()).overlaps(cidr)) {
                    throw new DoubleRefused(
                            400,
                            "BadRequest",
                            "Bad router request: Cidr %s of subnet %s overlaps with cidr %s of subnet %s."
                                    .formatted(
                                            cidr,
                                            subnet.path("id").asText(),
                                            other.path("cidr").asText(),
                                            other.path("id").asText()));
                }
            });
        }
    }

    private void removeInterface(ObjectNode router, JsonNode body) {
        ObjectNode port = portsOf(router, DoubleNeutron::isInterface).stream()
                .filter(each -> each.path("id").equals(body.path("port_id"))
                        || addresses(each)
                                .anyMatch(fixed -> fixed.path("subnet_id").equals(body.path("subnet_id"))))
                .findFirst()
                .orElseThrow(() -> new DoubleRefused(
                        404,
                        "RouterInterfaceNotFound",
                        "Router %s does not have an interface with id %s"
                                .formatted(
                                        router.path("id").asText(),
                                        body.path("port_id").asText())));
        drop(port);
    }

    private void delete(String collection, ObjectNode object) {
        String id = object.path("id").asText();
        switch (collection) {
            case "ports" -> {
                refusePortInUse(object);
                drop(object);
            }
            case "routers" -> {
                if (!portsOf(object, DoubleNeutron::isInterface).isEmpty()) {
                    throw new DoubleRefused(409, "RouterInUse", "Router %s still has ports".formatted(id));
                }
                dropGateway(object);
            }
            case "subnets" -> {
                if (all.get("ports").values().stream()
                        .flatMap(DoubleNeutron::addresses)
                        .anyMatch(fixed -> fixed.path("subnet_id").asText().equals(id))) {
                    throw new DoubleRefused(
                            409,
                            "SubnetInUse",
                            "Unable to complete operation on subnet %s: One or more ports have an IP allocation from this subnet."
                                    .formatted(id));
                }
                forget(object);
            }
            case "networks" -> {
                if (all.get("ports").values().stream()
                        .anyMatch(port -> port.path("network_id").asText().equals(id))) {
                    throw new DoubleRefused(
                            409,
                            "NetworkInUse",
                            "Unable to complete operation on network %s. There are one or more ports still in use on the network."
                                    .formatted(id));
                }
                List.copyOf(all.get("subnets").values()).stream()
                        .filter(subnet -> subnet.path("network_id").asText().equals(id))
                        .forEach(subnet ->
                                all.get("subnets").remove(subnet.path("id").asText()));
            }
            case "trunks" -> object.path("sub_ports").forEach(this::release);
            case "security-groups" -> groups.deleting(object);
            case "security-group-rules" -> {}
            case "floatingips" ->
                List.copyOf(all.get("ports").values()).stream()
                        .filter(port -> port.path("device_id").asText().equals(id))
                        .forEach(this::drop);
            default -> throw new DoubleRefused(405, "HTTPMethodNotAllowed", collection);
        }
        all.get(collection).remove(id);
    }

    private void forget(ObjectNode subnet) {
        allocated.remove(subnet.path("id").asText());
        ArrayNode left = JSON.createArrayNode();
        ObjectNode network = find("networks", subnet.path("network_id").asText());
        network.path("subnets").forEach(id -> {
            if (!id.equals(subnet.path("id"))) {
                left.add(id);
            }
        });
        network.set("subnets", left);
    }

    private void refusePortInUse(ObjectNode port) {
        String id = port.path("id").asText();
        if (isInterface(port)) {
            throw new DoubleRefused(
                    409,
                    "ServicePortInUse",
                    "Port %s cannot be deleted directly via the port API: has device owner network:router_interface."
                            .formatted(id));
        }
        for (ObjectNode trunk : all.get("trunks").values()) {
            if (Objects.equals(trunk.path("port_id").asText(), id)) {
                throw new DoubleRefused(
                        409,
                        "PortInUseAsTrunkParent",
                        "Port %s is currently a parent port for trunk %s."
                                .formatted(id, trunk.path("id").asText()));
            }
            for (JsonNode sub : trunk.path("sub_ports")) {
                if (sub.path("port_id").asText().equals(id)) {
                    throw new DoubleRefused(
                            409,
                            "PortInUseAsSubPort",
                            "Port %s is currently a subport for trunk %s."
                                    .formatted(id, trunk.path("id").asText()));
                }
            }
        }
    }
}
