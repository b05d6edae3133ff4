package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.PortId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node agent says that its cache holds: {@code PUT /v1/clusters/{cluster}/nodes/{node}/cache}. For audits only; nothing
 * is decided by it.
 *
 * @param epoch of the agent's registration
 * @param digest of the ports, the same for the same ports
 * @param ports all of them; left out where the last ones that were told had the same digest
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CacheReport(
        long epoch, String digest, @Nullable List<Item> ports) {
    public CacheReport {
        ports = ports == null ? null : List.copyOf(ports);
    }

    /**
     * A port in the cache.
     *
     * @param state {@code free}, {@code bound}, {@code cooling} or {@code returning}
     * @param sandbox who has it, where somebody does
     * @param networkInterface of that sandbox
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Item(
            PortId port,
            String state,
            @Nullable String sandbox,
            @Nullable String networkInterface) {}
}
