package io.portolan.agent.cache;

/**
 * What the cache holds.
 *
 * @param free available to pods
 * @param disputed of all, in any state, those that must not be handed out
 * @param reports that have not been delivered
 */
public record CacheCounts(int free, int bound, int cooling, int returning, int disputed, int all, int reports) {}
