package io.portolan.model.api;

/**
 * {@code POST /v1/nodes/{node}/drains}: no port of the node is given out any more, and all that nobody holds begin to
 * drain.
 *
 * @param force take also those that the node's cache or a pod of it holds: only where the node is known to be gone
 */
public record DrainRequest(boolean force) {}
