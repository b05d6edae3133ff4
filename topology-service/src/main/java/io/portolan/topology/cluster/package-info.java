/**
 * Clusters: declared over HTTP, then given a router and pools by the loop.
 *
 * <p>A cluster is <em>pending</em> until its router and pools are there, <em>ready</em> then, <em>failed</em> while its
 * network refuses or does not answer (nodes that are ready stay so), and <em>deleting</em> from the request on. It is taken
 * down in this order: nodes, switches, router (only one that bears our mark), pools, row. Each step looks for what is left
 * to do, so that a run that died is continued by the next; {@code stateReason} says what it waits for.
 */
@NullMarked
package io.portolan.topology.cluster;

import org.jspecify.annotations.NullMarked;
