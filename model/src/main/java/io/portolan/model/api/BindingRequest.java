package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/nodes/{node}/bindings} of security-service: put ports that the node holds in these security profiles.
 *
 * @param epoch of the registration; an older one is refused
 * @param bindings 1 to 256, each port once
 */
public record BindingRequest(long epoch, List<Binding> bindings) {
    /**
     * @param profiles the whole set; empty to close the port. A port that is in another set has to be closed first.
     * @param pod for whom; none for a port that waits for one
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Binding(
            PortId port, List<ProfileId> profiles, @Nullable PodRef pod) {
        public Binding {
            profiles = profiles.stream().distinct().sorted().toList();
        }
    }

    public BindingRequest {
        bindings = List.copyOf(bindings);
    }
}
