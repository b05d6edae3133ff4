/**
 * Which ports are in which profiles. A node asks with a pod waiting, so this is the way with the fewest steps:
 *
 * <ol>
 *   <li>{@code BindingIntents} judges the whole request and writes what is wanted: one transaction, serialised per node.
 *   <li>{@code BindingWrites} brings the ports named to what the ledger <em>now</em> wants of them. What comes while a write of
 *       the cluster is under way goes together in the next one: each write costs OVN's northd the same, whatever its size.
 *   <li>What the network took is recorded where nothing newer is wanted meanwhile, and the node is answered.
 * </ol>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>No port goes from one set to another: in between it is closed, and the network has said so. The ledger judges by both
 *       what is wanted and what was last taken; not knowing counts as being in another set.
 *   <li>One replica at a time writes to a cluster's network ({@code LedgerLocks}, {@code security-write:CLUSTER}), and reads the
 *       ledger after it has the lock: a late request cannot bring back what a newer one replaced.
 *   <li>A node's ports are closed by default before the first of them is bound.
 *   <li>What a crash leaves between two steps is a row whose {@code applied} is not its {@code wanted}; a loop finishes it.
 * </ul>
 */
@NullMarked
package io.portolan.security.binding;

import org.jspecify.annotations.NullMarked;
