package io.portolan.agent.cache;

/**
 * A port that a pod has now.
 *
 * @param repeated whether it had it before this request
 */
public record Taken(CachedPort port, Attachment attachment, boolean repeated) {}
