package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** A load balancer; it follows from the cluster and from the Service's name, so that a Service made anew finds its own. */
public record LoadBalancerId(@JsonValue UUID value) implements Comparable<LoadBalancerId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static LoadBalancerId parse(String text) {
        return new LoadBalancerId(Uuids.parse(text));
    }

    public static LoadBalancerId of(ClusterId cluster, String namespace, String name) {
        String key = "load-balancer:%s/%s/%s".formatted(cluster, namespace, name);
        return new LoadBalancerId(UUID.nameUUIDFromBytes(key.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public int compareTo(LoadBalancerId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
