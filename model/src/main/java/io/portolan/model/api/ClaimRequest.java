package io.portolan.model.api;

import java.util.UUID;

/**
 * {@code POST /v1/nodes/{node}/claims}: lease up to {@code count} free ports to the node's cache.
 *
 * @param claim the caller's key: the same claim again is answered with the same ports
 * @param epoch of the registration; an older one is refused
 * @param count 1 to 256
 */
public record ClaimRequest(UUID claim, long epoch, int count) {}
