/**
 * Thousands of nodes as light agents against whole services and a whole ledger; only the network is in memory.
 *
 * <p>A light agent speaks the protocol of node-agent with the same rules of how many ports to hold, and plugs nothing. Time is
 * real: what is measured is what the services take. A scheduler of its own gives each pod to the emptier of two nodes; pods come
 * at a fixed rate and stay for a time of two kinds, most of them short. Then two waves: nodes that die all at once, whose pods
 * come again elsewhere, and a rollout that replaces pods. Who holds which address is kept beside it all, so that an address
 * given twice is seen at the moment it happens.
 */
@NullMarked
package io.portolan.bench.simulation;

import org.jspecify.annotations.NullMarked;
