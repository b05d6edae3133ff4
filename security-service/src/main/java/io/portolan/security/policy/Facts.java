package io.portolan.security.policy;

import java.util.List;
import java.util.Map;

/**
 * A cluster as policies see it.
 *
 * @param namespaces their labels, by name
 */
record Facts(List<PodFacts> pods, Map<String, Map<String, String>> namespaces) {
    Facts {
        pods = List.copyOf(pods);
        namespaces = Map.copyOf(namespaces);
    }
}
