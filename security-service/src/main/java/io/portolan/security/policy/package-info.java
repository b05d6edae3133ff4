/**
 * Kubernetes' NetworkPolicies. Of a cluster whose security says how its API server is reached, one replica at a time (a lease in
 * the ledger) watches policies, pods and namespaces, and makes of each policy
 *
 * <ul>
 *   <li>a row in the ledger: which pods it selects, and whether the network has it. Nodes learn of it with the catalogue and put
 *       the ports of the pods that it selects in it, beside their profiles; so the first packet of a pod, pools, and a pod whose
 *       labels change go the same way as profiles do ({@code io.portolan.security.binding});
 *   <li>a policy in the network ({@link io.portolan.sdn.PolicySpec}), compiled purely ({@code Compilation}): rules, and sets of
 *       addresses of those whom they speak of. Sets follow the watch.
 * </ul>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A policy is never taken back because something could not be read: a watch that has not listed everything says nothing.
 *   <li>A policy that went stays in the network until no port is wanted or taken in it, and its row until then keeps it from being
 *       taken for somebody else's.
 *   <li>What a policy says that cannot be made is left out, which allows less, and an Event on the policy says so.
 * </ul>
 */
@NullMarked
package io.portolan.security.policy;

import org.jspecify.annotations.NullMarked;
