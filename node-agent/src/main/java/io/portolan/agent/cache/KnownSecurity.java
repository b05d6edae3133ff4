package io.portolan.agent.cache;

import io.portolan.model.NodeId;

/**
 * What security-service said last, as it said it: a restart without that service goes by it.
 *
 * @param node whom it was said to
 * @param tag the answer's {@code ETag}
 * @param catalogue the answer's body
 */
public record KnownSecurity(NodeId node, String tag, String catalogue) {}
