package io.portolan.testbed.openstack;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * All that a Neutron has, in one form: two of them are equal if nothing happened in between, not even a write of the same
 * value, which raises a revision number. Objects are sorted by their ids, their fields by name, and the lists inside them
 * by their text, because Neutron lists in the order in which its database happens to find.
 *
 * @param collections as Neutron names them, {@code security_groups} with their rules inside
 */
public record NetworkInventory(Map<String, List<JsonNode>> collections) {
    /** Security groups first: asking for them is what makes a project's default one. */
    private static final List<String> PATHS =
            List.of("security-groups", "networks", "subnets", "routers", "ports", "trunks", "floatingips");

    public NetworkInventory {
        Map<String, List<JsonNode>> copy = new TreeMap<>();
        collections.forEach((name, objects) -> copy.put(name, List.copyOf(objects)));
        collections = Map.copyOf(copy);
    }

    static NetworkInventory of(CloudApi.Service network, String filter) {
        Map<String, List<JsonNode>> all = new TreeMap<>();
        for (String path : PATHS) {
            String name = path.replace('-', '_');
            List<JsonNode> objects = new ArrayList<>();
            network.get("/" + path + filter).path(name).forEach(object -> objects.add(canonical(object)));
            objects.sort(Comparator.comparing(object -> object.path("id").asString()));
            all.put(name, objects);
        }
        return new NetworkInventory(all);
    }

    /** The objects of one collection. */
    public List<JsonNode> all(String collection) {
        List<JsonNode> objects = collections.get(collection);
        if (objects == null) {
            throw new IllegalArgumentException("%s is none of %s".formatted(collection, collections.keySet()));
        }
        return objects;
    }

    /** The ids of one collection's objects. */
    public List<String> ids(String collection) {
        return all(collection).stream()
                .map(object -> object.path("id").asString())
                .toList();
    }

    private static JsonNode canonical(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode sorted = CloudApi.JSON.createObjectNode();
            object.propertyNames().stream().sorted().forEach(name -> sorted.set(name, canonical(object.get(name))));
            return sorted;
        }
        if (node instanceof ArrayNode array) {
            List<JsonNode> elements = new ArrayList<>();
            array.forEach(element -> elements.add(canonical(element)));
            elements.sort(Comparator.comparing(JsonNode::toString));
            ArrayNode sorted = CloudApi.JSON.createArrayNode();
            elements.forEach(sorted::add);
            return sorted;
        }
        return node;
    }

    /** A line for each object, so that a comparison that fails can be read. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(collections)
                .forEach((name, objects) -> objects.forEach(
                        object -> text.append(name).append(' ').append(object).append('\n')));
        return text.toString();
    }
}
