package io.portolan.sdn.neutron;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.StreamSupport;

/** Security groups of the double's Neutron, and their rules. */
record DoubleGroups(Map<String, Map<String, ObjectNode>> all) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> SAYS = List.of(
            "security_group_id",
            "direction",
            "ethertype",
            "protocol",
            "port_range_min",
            "port_range_max",
            "remote_ip_prefix",
            "remote_group_id");

    /** As Neutron's exceptions call it. */
    Optional<String> kind(String collection) {
        return switch (collection) {
            case "security-groups" -> Optional.of("SecurityGroup");
            case "security-group-rules" -> Optional.of("SecurityGroupRule");
            default -> Optional.empty();
        };
    }

    private Map<String, ObjectNode> groups() {
        return all.get("security-groups");
    }

    private Map<String, ObjectNode> rules() {
        return all.get("security-group-rules");
    }

    ArrayNode rules(String group) {
        ArrayNode found = JSON.createArrayNode();
        rules().values().stream()
                .filter(rule -> rule.path("security_group_id").asText().equals(group))
                .forEach(rule -> found.add(rule.deepCopy()));
        return found;
    }

    /** The id of a project's default group, which is made when it is first needed. */
    String usual(String project) {
        return groups().values().stream()
                .filter(group -> group.path("name").asText().equals("default")
                        && group.path("project_id").asText().equals(project))
                .findFirst()
                .orElseGet(() -> {
                    ObjectNode made = JSON.createObjectNode();
                    made.put("id", UUID.randomUUID().toString()).put("name", "default");
                    made.put("description", "Default security group").put("project_id", project);
                    made.put("created_at", "1970-01-01T00:00:00Z").put("revision_number", 1);
                    groups().put(made.path("id").asText(), made);
                    letOut(made);
                    return made;
                })
                .path("id")
                .asText();
    }

    /** The rules that every new group has. */
    void letOut(ObjectNode group) {
        for (String family : List.of("IPv4", "IPv6")) {
            ObjectNode rule = JSON.createObjectNode();
            rule.put("id", UUID.randomUUID().toString()).put("direction", "egress");
            rule.put("project_id", group.path("project_id").asText());
            rule.put("security_group_id", group.path("id").asText()).put("ethertype", family);
            complete(rule);
            rules().put(rule.path("id").asText(), rule);
        }
    }

    /** Refuses what another rule of the group says already. */
    void complete(ObjectNode rule) {
        SAYS.forEach(name -> rule.putIfAbsent(name, JSON.nullNode()));
        boolean twice = rules().values().stream()
                .anyMatch(other -> SAYS.stream()
                        .allMatch(name ->
                                other.path(name).asText().equals(rule.path(name).asText())));
        if (twice) {
            throw new DoubleRefused(409, "SecurityGroupRuleExists", "Security group rule already exists.");
        }
    }

    /** Rules of others that speak of it go with it. */
    void deleting(ObjectNode group) {
        String id = group.path("id").asText();
        boolean used = all.get("ports").values().stream()
                .flatMap(port ->
                        StreamSupport.stream(port.path("security_groups").spliterator(), false))
                .anyMatch(each -> each.asText().equals(id));
        if (used) {
            throw new DoubleRefused(409, "SecurityGroupInUse", "Security Group %s in use.".formatted(id));
        }
        rules().values()
                .removeIf(rule -> rule.path("security_group_id").asText().equals(id)
                        || rule.path("remote_group_id").asText().equals(id));
    }
}
