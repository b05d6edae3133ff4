package io.portolan.security.pool;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * @param profiles 1 to 8 names or ids
 * @param size how many free ports of each node wait in them, 0 to 1024
 * @param nodeClass of nodes of that class only
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PoolClaim(
        List<String> profiles, int size, @Nullable String nodeClass) {}
