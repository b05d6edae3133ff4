package io.portolan.agent.cache;

/** Which of the available ports suits a pod. Asked while the cache is locked: answer from memory. */
@FunctionalInterface
public interface PortPreference {
    /** Not this port. */
    int UNFIT = -1;

    /** Any will do. */
    PortPreference NONE = port -> 0;

    /** The lowest rank is taken first, among equals the port that has rested longest; {@link #UNFIT} is never taken. */
    int rank(CachedPort port);
}
