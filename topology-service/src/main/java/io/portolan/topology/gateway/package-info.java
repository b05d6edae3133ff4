/**
 * A cluster's way in and out: declared over HTTP, then made by the loop.
 *
 * <p>A gateway is <em>pending</em> until it was made, <em>ready</em> then, <em>failed</em> while its network refuses it, has
 * no chassis for it or does not answer (what is there goes on working), <em>deleting</em> from the request to remove it on. A
 * cluster that is taken down loses its gateway after its nodes and before its router; the cluster's loop does that.
 *
 * <p>Which chassis can have it is said by name, or by the class of nodes. Of a class the oldest nodes are taken: one that
 * joins changes nothing, one that leaves only what it had.
 */
@NullMarked
package io.portolan.topology.gateway;

import org.jspecify.annotations.NullMarked;
