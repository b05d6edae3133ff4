package io.portolan.agent.cache;

import io.portolan.model.ProfileId;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A port that a pod has now.
 *
 * @param repeated whether it had it before this request
 * @param before in which security profiles the port was known to be when it was taken; null when that was not known
 */
public record Taken(
        CachedPort port,
        Attachment attachment,
        boolean repeated,
        @Nullable Set<ProfileId> before) {}
