package io.portolan.ovsdb;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a row of a replica.
 *
 * @param before null when it was inserted
 * @param after null when it was deleted
 */
public record RowChange(
        String table,
        UUID id,
        @Nullable Row before,
        @Nullable Row after) {}
