package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/nodes/{node}/transitions}: what topology-service did in the network. Ports that are not in {@code
 * from} are left alone. Allowed: planned→provisioning, provisioning→free, provisioning→failed, free→failed,
 * free→provisioning, failed→planned, provisioning→planned; and leased→leased, bound→bound, cooling→cooling where the
 * network made it anew under another id. A port that was taken out of the network is removed with {@code POST
 * /v1/nodes/{node}/removals}.
 */
public record TransitionRequest(PortState from, PortState to, List<Item> ports) {
    public TransitionRequest {
        ports = List.copyOf(ports);
    }

    /**
     * @param backendId its id in the network, where it has just been made
     * @param reason why, for {@code failed}
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Item(
            PortId port,
            @Nullable String backendId,
            @Nullable String reason) {}
}
