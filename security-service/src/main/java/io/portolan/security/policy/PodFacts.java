package io.portolan.security.policy;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.portolan.model.IpAddress;
import io.portolan.model.Malformed;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What policies look at in a pod.
 *
 * @param ports numbers of named ports, by {@code PROTOCOL/name}
 */
record PodFacts(String namespace, Map<String, String> labels, IpAddress address, Map<String, Integer> ports) {
    PodFacts {
        labels = Map.copyOf(labels);
        ports = Map.copyOf(ports);
    }

    /** Empty of those that are not on the pods' network, not yet or not any more. */
    static Optional<PodFacts> of(Pod pod) {
        if (pod.getStatus() == null
                || pod.getStatus().getPodIP() == null
                || pod.getSpec() == null
                || Boolean.TRUE.equals(pod.getSpec().getHostNetwork())
                || isOver(pod.getStatus().getPhase())) {
            return Optional.empty();
        }
        Map<String, Integer> ports = new HashMap<>();
        for (Container container : pod.getSpec().getContainers()) {
            container.getPorts().stream()
                    .filter(port -> port.getName() != null && port.getContainerPort() != null)
                    .forEach(port ->
                            ports.putIfAbsent(named(port.getProtocol(), port.getName()), port.getContainerPort()));
        }
        try {
            return Optional.of(new PodFacts(
                    pod.getMetadata().getNamespace(),
                    orNone(pod.getMetadata().getLabels()),
                    IpAddress.parse(pod.getStatus().getPodIP()),
                    ports));
        } catch (Malformed e) {
            return Optional.empty();
        }
    }

    static String named(@Nullable String protocol, String name) {
        return (protocol == null ? "TCP" : protocol) + "/" + name;
    }

    private static boolean isOver(@Nullable String phase) {
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    static Map<String, String> orNone(@Nullable Map<String, String> labels) {
        return labels == null ? Map.of() : labels;
    }
}
