package io.portolan.agent.cni;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.Malformed;
import io.portolan.model.PodRef;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code CNI_ARGS} says. Keys may come in any order; those that mean nothing to us are left to other plugins.
 *
 * @param ip a fixed address that podman asks for
 * @param mac a fixed MAC that podman asks for
 */
record PodArguments(Optional<PodRef> pod, Optional<IpAddress> ip, Optional<MacAddress> mac) {
    static PodArguments parse(String text) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : text.split(";")) {
            int equals = part.indexOf('=');
            if (part.isBlank()) {
                continue;
            }
            if (equals < 1) {
                throw CniError.INVALID_ENVIRONMENT.because("CNI_ARGS: '%s' is not KEY=VALUE".formatted(part));
            }
            values.put(part.substring(0, equals), part.substring(equals + 1));
        }
        try {
            return new PodArguments(
                    pod(values),
                    Optional.ofNullable(values.get("IP")).map(PodArguments::address),
                    Optional.ofNullable(values.get("MAC")).map(MacAddress::parse));
        } catch (Malformed e) {
            throw CniError.INVALID_ENVIRONMENT.because("CNI_ARGS: " + e.getMessage());
        }
    }

    private static Optional<PodRef> pod(Map<String, String> values) {
        String namespace = values.get("K8S_POD_NAMESPACE");
        String name = values.get("K8S_POD_NAME");
        return namespace == null || name == null
                ? Optional.empty()
                : Optional.of(new PodRef(namespace, name, values.get("K8S_POD_UID")));
    }

    /** Callers write the address alone, or with the length of its prefix. */
    private static IpAddress address(String text) {
        int slash = text.indexOf('/');
        return IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
    }
}
