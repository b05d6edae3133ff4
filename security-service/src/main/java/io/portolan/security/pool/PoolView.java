package io.portolan.security.pool;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.ProfileId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A declared pool. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PoolView(
        String name,
        List<ProfileId> profiles,
        int size,
        @Nullable String nodeClass,
        Instant createdAt,
        long revision) {
    /** @param next the {@code cursor} of the page after this one; absent on the last */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Page(List<PoolView> pools, @Nullable String next) {}
}
