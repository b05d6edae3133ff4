/**
 * The four-way audit: what the ledger, the network, the network's bindings and the nodes' caches say of the same ports.
 *
 * <p>One run goes through a cluster node by node, so that its memory does not grow with the cluster, but for one small entry a
 * binding and a cached port. A part that cannot be read is named and compared with nothing: nothing is found by absence
 * where a reading failed. Nothing is ever changed by an audit; repair wakes those who mend.
 *
 * <p>Four parts that change all the time never agree at an instant. So a disagreement is a finding only
 *
 * <ul>
 *   <li>where the port has not changed in the ledger for {@code grace}, and not since the node last said what it holds, and
 *   <li>where it was seen at two looks at least {@code grace} apart, with no look between them that did not see it. A run
 *       looks a second time by itself, at those nodes only of which it saw something new.
 * </ul>
 *
 * <p>What was seen is kept in the ledger, so that a finding has an age; what a run looked for and did not see again is
 * deleted there. Runs of one cluster come one after another, whichever replica makes them.
 *
 * <p>Nodes say what their caches hold by themselves ({@code PUT …/cache}): a digest every few seconds, all of it when it
 * changed. An audit calls no agent, so a thousand nodes of which some are away cost it nothing; a node that has been silent
 * for too long is a finding itself.
 */
@NullMarked
package io.portolan.topology.audit;

import org.jspecify.annotations.NullMarked;
