package io.portolan.agent.cache;

import org.jspecify.annotations.Nullable;

/** The node's database cannot be used now; nothing that was asked for may be taken for done. Asking again is right. */
public final class CacheUnavailable extends RuntimeException {
    CacheUnavailable(String why, @Nullable Throwable cause) {
        super(why, cause);
    }
}
