package io.portolan.sdn.neutron;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;

/**
 * What the double's Octavia has, and the rules of it and of OVN's provider, of which each is one that real ones were seen to
 * keep. Nothing is done at once: what a call asks for is {@code PENDING_*} until the provider has come to it, which is
 * worked off whenever somebody asks for anything.
 */
final class DoubleOctavia {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> PROTOCOLS = Set.of("TCP", "UDP", "SCTP");
    private static final String STATUS = "provisioning_status";
    private static final String ACTIVE = "ACTIVE";

    private record Due(long at, long order, Runnable work) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    private final DoubleNeutron neutron;
    private final Map<String, Map<String, ObjectNode>> all = new LinkedHashMap<>();
    private final PriorityQueue<Due> due = new PriorityQueue<>();
    /** Balancers that the provider does not come to any more, or fails. */
    private final Map<String, String> sick = new LinkedHashMap<>();

    private final Set<String> stuckListeners = new HashSet<>();
    private Duration latency = Duration.ofMillis(5);
    private int quota = Integer.MAX_VALUE;
    private long clock;

    DoubleOctavia(DoubleNeutron neutron) {
        this.neutron = neutron;
        for (String collection : List.of("loadbalancers", "listeners", "pools", "members")) {
            all.put(collection, new LinkedHashMap<>());
        }
    }

    synchronized void latency(Duration each) {
        latency = each;
    }

    synchronized void quota(int balancers) {
        quota = balancers;
    }

    /** From its next change on, the balancer of this description or id ends so: {@code PENDING_UPDATE} or {@code ERROR}. */
    synchronized void sicken(String descriptionOrId, String status) {
        sick.put(descriptionOrId, status);
    }

    synchronized void heal(String descriptionOrId) {
        sick.remove(descriptionOrId);
        all.get("loadbalancers").values().stream()
                .filter(each -> each.path("description").asText().equals(descriptionOrId)
                        || each.path("id").asText().equals(descriptionOrId))
                .filter(each -> each.path(STATUS).asText().startsWith("PENDING_"))
                .forEach(each -> each.put(STATUS, ACTIVE));
    }

    /** As a person or a fault of the provider might. */
    synchronized void status(String collection, String id, String status) {
        find(collection, id).put(STATUS, status);
    }

    /** As after a change of its pool's monitor: it stays {@code PENDING_UPDATE} until the next update of it. */
    synchronized void stick(String listener) {
        find("listeners", listener).put(STATUS, "PENDING_UPDATE");
        stuckListeners.add(listener);
    }

    /** All of a collection, without what changes by itself. */
    synchronized List<ObjectNode> everything() {
        workOff();
        List<ObjectNode> copies = new ArrayList<>();
        all.values()
                .forEach(objects -> objects.values()
                        .forEach(object -> copies.add(object.deepCopy().without(List.of("updated_at", "created_at")))));
        return copies;
    }

    /** @param path below {@code /v2/lbaas/} */
    synchronized Optional<ObjectNode> handle(
            DoubleKeystone.Someone who, String method, String path, Map<String, List<String>> filters, JsonNode body) {
        workOff();
        String[] parts = path.split("/");
        if (!all.containsKey(parts[0])) {
            throw refused(404, "Not Found");
        }
        if (parts.length > 2) {
            ObjectNode pool = visible(who, "pools", parts[1]);
            return members(who, pool, method, parts.length > 3 ? parts[3] : null, body);
        }
        String collection = parts[0];
        String one = collection.substring(0, collection.length() - 1);
        return switch (method) {
            case "GET" ->
                Optional.of(
                        parts.length == 1
                                ? list(who, collection, filters)
                                : wrapped(
                                        one, visible(who, collection, parts[1]).deepCopy()));
            case "POST" ->
                Optional.of(wrapped(one, post(who, collection, body.path(one)).deepCopy()));
            case "PUT" ->
                Optional.of(wrapped(
                        one, put(who, collection, parts[1], body.path(one)).deepCopy()));
            case "DELETE" -> {
                boolean cascade = filters.getOrDefault("cascade", List.of()).contains("true");
                delete(collection, visible(who, collection, parts[1]), cascade);
                yield Optional.empty();
            }
            default -> throw refused(405, method);
        };
    }

    private static DoubleRefused refused(int status, String message) {
        return new DoubleRefused(status, DoubleRefused.OCTAVIA, message);
    }

    private static ObjectNode wrapped(String name, JsonNode content) {
        ObjectNode wrapped = JSON.createObjectNode();
        wrapped.set(name, content);
        return wrapped;
    }

    private void workOff() {
        long now = System.nanoTime();
        while (!due.isEmpty() && due.peek().at() <= now) {
            due.remove().work().run();
        }
    }

    private void later(int steps, Runnable work) {
        due.add(new Due(System.nanoTime() + latency.toNanos() * steps, ++clock, work));
    }

    private ObjectNode find(String collection, String id) {
        ObjectNode found = all.get(collection).get(id);
        if (found == null) {
            throw refused(404, "%s %s not found.".formatted(collection, id));
        }
        return found;
    }

    private ObjectNode visible(DoubleKeystone.Someone who, String collection, String id) {
        ObjectNode found = find(collection, id);
        if (!who.admin() && !found.path("project_id").asText().equals(who.projectId())) {
            throw refused(403, "Policy does not allow this request to be performed.");
        }
        return found;
    }

    private ObjectNode list(DoubleKeystone.Someone who, String collection, Map<String, List<String>> filters) {
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode items = answer.putArray(collection);
        all.get(collection).values().stream()
                .filter(each -> who.admin() || each.path("project_id").asText().equals(who.projectId()))
                .filter(each -> filters.entrySet().stream().allMatch(filter -> matches(each, filter)))
                .forEach(each -> items.add(each.deepCopy()));
        answer.putArray(collection + "_links");
        return answer;
    }

    private static boolean matches(ObjectNode object, Map.Entry<String, List<String>> filter) {
        String text = filter.getKey().equals("loadbalancer_id")
                ? object.at("/loadbalancers/0/id").asText()
                : object.path(filter.getKey()).asText();
        return filter.getValue().contains(text);
    }

    private ObjectNode made(DoubleKeystone.Someone who, String collection, JsonNode fields) {
        ObjectNode object = JSON.createObjectNode();
        object.put("id", UUID.randomUUID().toString()).put("name", "").put("description", "");
        object.put("project_id", who.projectId()).put("admin_state_up", true);
        object.put("created_at", Instant.EPOCH.plusMillis(++clock).toString());
        object.setAll((ObjectNode) fields.deepCopy());
        object.put(STATUS, "PENDING_CREATE").put("operating_status", "OFFLINE");
        all.get(collection).put(object.path("id").asText(), object);
        return object;
    }

    private ObjectNode post(DoubleKeystone.Someone who, String collection, JsonNode fields) {
        return switch (collection) {
            case "loadbalancers" -> balancer(who, fields);
            case "listeners" -> {
                ObjectNode balancer = visible(
                        who, "loadbalancers", fields.path("loadbalancer_id").asText());
                busy(balancer);
                ObjectNode listener = listener(who, balancer, fields);
                settle(balancer, List.of(listener));
                yield listener;
            }
            case "pools" -> {
                ObjectNode listener = fields.has("listener_id")
                        ? visible(who, "listeners", fields.path("listener_id").asText())
                        : null;
                ObjectNode balancer = visible(
                        who,
                        "loadbalancers",
                        listener == null
                                ? fields.path("loadbalancer_id").asText()
                                : listener.at("/loadbalancers/0/id").asText());
                busy(balancer);
                ObjectNode pool = pool(who, balancer, fields);
                if (listener != null) {
                    listener.put("default_pool_id", pool.path("id").asText());
                }
                settle(balancer, List.of(pool));
                yield pool;
            }
            default -> throw refused(405, collection);
        };
    }

    private ObjectNode balancer(DoubleKeystone.Someone who, JsonNode fields) {
        long has = all.get("loadbalancers").values().stream()
                .filter(each -> each.path("project_id").asText().equals(who.projectId()))
                .count();
        if (has >= quota) {
            throw refused(403, "Quota has been met for resources: Load Balancer");
        }
        ObjectNode plain = (ObjectNode) fields.deepCopy();
        JsonNode listeners = plain.remove("listeners");
        refuseUnable(listeners);
        String id = UUID.randomUUID().toString();
        ObjectNode port;
        try {
            port = neutron.vipPort(
                    who,
                    "ovn-lb-vip-" + id,
                    fields.path("vip_subnet_id").asText(),
                    fields.path("vip_address").asText());
        } catch (DoubleRefused e) {
            throw refused(e.status() == 404 ? 404 : 500, "Provider 'ovn' reports error: " + e.getMessage());
        }
        ObjectNode balancer = made(who, "loadbalancers", plain.put("id", id));
        balancer.put("vip_port_id", port.path("id").asText());
        balancer.put("vip_network_id", port.path("network_id").asText());
        List<ObjectNode> children = new ArrayList<>();
        if (listeners != null) {
            for (JsonNode each : listeners) {
                ObjectNode listenerFields = (ObjectNode) each.deepCopy();
                JsonNode poolFields = listenerFields.remove("default_pool");
                ObjectNode listener = listener(who, balancer, listenerFields);
                children.add(listener);
                if (poolFields != null) {
                    ObjectNode withoutMembers = (ObjectNode) poolFields.deepCopy();
                    JsonNode members = withoutMembers.remove("members");
                    ObjectNode pool = pool(who, balancer, withoutMembers);
                    listener.put("default_pool_id", pool.path("id").asText());
                    children.add(pool);
                    if (members != null) {
                        members.forEach(member -> children.add(member(who, pool, member)));
                    }
                }
            }
        }
        settle(balancer, children);
        return balancer;
    }

    private static void refuseUnable(JsonNode listeners) {
        if (listeners != null) {
            listeners.forEach(listener -> {
                refuseProtocol(listener);
                refuseAlgorithm(listener.path("default_pool"));
            });
        }
    }

    private static void refuseProtocol(JsonNode thing) {
        if (!PROTOCOLS.contains(thing.path("protocol").asText())) {
            throw unable("OVN provider does not support %s protocol"
                    .formatted(thing.path("protocol").asText()));
        }
        if (thing.path("allowed_cidrs").size() > 0) {
            throw unable("OVN provider does not support allowed_cidrs option");
        }
    }

    private static void refuseAlgorithm(JsonNode pool) {
        if (pool.has("protocol") && !pool.path("lb_algorithm").asText().equals("SOURCE_IP_PORT")) {
            throw unable("OVN provider does not support %s algorithm"
                    .formatted(pool.path("lb_algorithm").asText()));
        }
    }

    private static DoubleRefused unable(String what) {
        return refused(501, "Provider 'ovn' does not support a requested option: " + what);
    }

    private static void references(ObjectNode object, String name, String id) {
        object.putArray(name).addObject().put("id", id);
    }

    private ObjectNode listener(DoubleKeystone.Someone who, ObjectNode balancer, JsonNode fields) {
        refuseProtocol(fields);
        String id = balancer.path("id").asText();
        boolean taken = all.get("listeners").values().stream()
                .anyMatch(each -> each.at("/loadbalancers/0/id").asText().equals(id)
                        && each.path("protocol").equals(fields.path("protocol"))
                        && each.path("protocol_port").equals(fields.path("protocol_port")));
        if (taken) {
            throw refused(
                    409,
                    "Another Listener on this Load Balancer is already using protocol %s and protocol_port %d"
                            .formatted(
                                    fields.path("protocol").asText(),
                                    fields.path("protocol_port").asInt()));
        }
        ObjectNode listener = made(who, "listeners", fields);
        references(listener, "loadbalancers", id);
        return listener;
    }

    private ObjectNode pool(DoubleKeystone.Someone who, ObjectNode balancer, JsonNode fields) {
        refuseProtocol(fields);
        refuseAlgorithm(fields);
        ObjectNode pool = made(who, "pools", fields);
        references(pool, "loadbalancers", balancer.path("id").asText());
        pool.putArray("members");
        return pool;
    }

    private ObjectNode member(DoubleKeystone.Someone who, ObjectNode pool, JsonNode fields) {
        if (!fields.hasNonNull("subnet_id")) {
            ObjectNode balancer = balancerOf(pool);
            Cidr cidr = neutron.cidr(balancer.path("vip_subnet_id").asText());
            if (!cidr.contains(IpAddress.parse(fields.path("address").asText()))) {
                throw unable("Subnet is required, or Loadbalancer associated with Pool must have a subnet");
            }
        } else if (!neutron.hasSubnet(fields.path("subnet_id").asText())) {
            throw refused(
                    404,
                    "Subnet %s not found.".formatted(fields.path("subnet_id").asText()));
        }
        ObjectNode member = made(who, "members", fields);
        member.put("pool", pool.path("id").asText());
        ((ArrayNode) pool.path("members"))
                .addObject()
                .put("id", member.path("id").asText());
        return member;
    }

    private ObjectNode balancerOf(ObjectNode child) {
        return find("loadbalancers", child.at("/loadbalancers/0/id").asText());
    }

    /** A balancer takes one change at a time. */
    private static void busy(ObjectNode balancer) {
        String status = balancer.path(STATUS).asText();
        if (!status.equals(ACTIVE)) {
            throw refused(
                    409,
                    "Load Balancer %s is immutable and cannot be updated."
                            .formatted(balancer.path("id").asText()));
        }
    }

    /** The balancer is done before what is in it, one after the other. */
    private void settle(ObjectNode balancer, List<ObjectNode> children) {
        if (!balancer.path(STATUS).asText().equals("PENDING_CREATE")) {
            balancer.put(STATUS, "PENDING_UPDATE");
        }
        String sickness = sick.getOrDefault(
                balancer.path("description").asText(),
                sick.get(balancer.path("id").asText()));
        later(1, () -> {
            if (sickness == null) {
                done(balancer);
            } else if (sickness.equals("ERROR")) {
                balancer.put(STATUS, "ERROR");
            }
        });
        int step = 1;
        for (ObjectNode child : children) {
            later(++step, () -> {
                if (sickness == null) {
                    done(child);
                }
            });
        }
    }

    private static void done(ObjectNode object) {
        if (object.path(STATUS).asText().startsWith("PENDING_")
                && !object.path(STATUS).asText().equals("PENDING_DELETE")) {
            object.put(STATUS, ACTIVE).put("operating_status", "ONLINE");
        }
    }

    private ObjectNode put(DoubleKeystone.Someone who, String collection, String id, JsonNode changes) {
        ObjectNode object = visible(who, collection, id);
        ObjectNode balancer = collection.equals("loadbalancers") ? object : balancerOf(object);
        busy(balancer);
        object.setAll((ObjectNode) changes.deepCopy());
        object.put(STATUS, "PENDING_UPDATE");
        stuckListeners.remove(id);
        settle(balancer, collection.equals("loadbalancers") ? List.of() : List.of(object));
        return object;
    }

    private Optional<ObjectNode> members(
            DoubleKeystone.Someone who, ObjectNode pool, String method, String member, JsonNode body) {
        if (method.equals("GET")) {
            ObjectNode answer = JSON.createObjectNode();
            ArrayNode items = answer.putArray("members");
            pool.path("members")
                    .forEach(each ->
                            items.add(find("members", each.path("id").asText()).deepCopy()));
            return Optional.of(answer);
        }
        ObjectNode balancer = balancerOf(pool);
        busy(balancer);
        if (method.equals("DELETE")) {
            drop(pool, member);
            settle(balancer, List.of());
            return Optional.empty();
        }
        if (member != null) {
            ObjectNode one = find("members", member);
            one.setAll((ObjectNode) body.path("member").deepCopy());
            settle(balancer, List.of(one.put(STATUS, "PENDING_UPDATE")));
            return Optional.of(wrapped("member", one.deepCopy()));
        }
        settle(balancer, replaced(who, pool, body.path("members")));
        return Optional.of(JSON.createObjectNode());
    }

    private List<ObjectNode> replaced(DoubleKeystone.Someone who, ObjectNode pool, JsonNode wanted) {
        Map<String, ObjectNode> there = new LinkedHashMap<>();
        pool.path("members").forEach(each -> {
            ObjectNode member = find("members", each.path("id").asText());
            there.put(place(member), member);
        });
        List<ObjectNode> changed = new ArrayList<>();
        for (JsonNode each : wanted) {
            ObjectNode before = there.remove(place(each));
            if (before == null) {
                changed.add(member(who, pool, each));
            } else {
                before.setAll((ObjectNode) each.deepCopy());
                changed.add(before.put(STATUS, "PENDING_UPDATE"));
            }
        }
        there.values().forEach(gone -> drop(pool, gone.path("id").asText()));
        return changed;
    }

    private static String place(JsonNode member) {
        return member.path("address").asText() + ":"
                + member.path("protocol_port").asInt();
    }

    private void drop(ObjectNode pool, String member) {
        ArrayNode left = JSON.createArrayNode();
        pool.path("members").forEach(each -> {
            if (!each.path("id").asText().equals(member)) {
                left.add(each);
            }
        });
        pool.set("members", left);
        all.get("members").remove(member);
    }

    private void delete(String collection, ObjectNode object, boolean cascade) {
        if (collection.equals("loadbalancers")) {
            deleteBalancer(object, cascade);
            return;
        }
        ObjectNode balancer = balancerOf(object);
        busy(balancer);
        if (collection.equals("pools")) {
            List<String> members = new ArrayList<>();
            object.path("members").forEach(each -> members.add(each.path("id").asText()));
            members.forEach(member -> drop(object, member));
            all.get("listeners").values().stream()
                    .filter(each -> each.path("default_pool_id").equals(object.path("id")))
                    .forEach(each -> each.putNull("default_pool_id"));
        }
        all.get(collection).remove(object.path("id").asText());
        settle(balancer, List.of());
    }

    private void deleteBalancer(ObjectNode balancer, boolean cascade) {
        if (balancer.path(STATUS).asText().startsWith("PENDING_")) {
            throw refused(
                    409,
                    "Load Balancer %s is immutable and cannot be updated."
                            .formatted(balancer.path("id").asText()));
        }
        String id = balancer.path("id").asText();
        if (!cascade && all.get("listeners").values().stream().anyMatch(each -> isOf(each, id))) {
            throw refused(400, "Cannot delete Load Balancer %s - it has children".formatted(id));
        }
        balancer.put(STATUS, "PENDING_DELETE");
        if ("PENDING_DELETE".equals(sick.get(balancer.path("description").asText()))) {
            return;
        }
        later(1, () -> {
            all.get("listeners").values().removeIf(each -> isOf(each, id));
            all.get("pools").values().stream()
                    .filter(each -> isOf(each, id))
                    .forEach(pool -> pool.path("members")
                            .forEach(member ->
                                    all.get("members").remove(member.path("id").asText())));
            all.get("pools").values().removeIf(each -> isOf(each, id));
            all.get("loadbalancers").remove(id);
            neutron.dropPort(balancer.path("vip_port_id").asText());
        });
    }

    private static boolean isOf(ObjectNode child, String balancer) {
        return child.at("/loadbalancers/0/id").asText().equals(balancer);
    }
}
