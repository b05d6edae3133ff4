/**
 * Which security profiles a pod has, and that its port is in them before the pod hears or says anything.
 *
 * <p>The set is decided here, from memory: by what the pod, its namespace and the cluster say
 * ({@link io.portolan.agent.security.ProfileChoice}), from a watch of this node's pods and a copy of security-service's
 * catalogue that is kept in the node's database. A port that waits in that set already is handed out without a word to
 * anybody. Any other is put in it first, by one call to security-service, and is plugged only when the node's own switch has
 * carried that out: in overlay mode security-service answers the number of the configuration that has it, and the bridge's
 * {@code external_ids:ovn-nb-cfg} says which number ovn-controller's flows are at. In underlay mode a switch cannot tell; there
 * nothing is open too early, since Neutron drops until the group is there, and a port that changes sets is left shut for a while.
 *
 * <h2>What is known of a port</h2>
 * {@code CachedPort.profiles} is the set that was confirmed last. Before a change is asked for it becomes unknown, durably, in
 * the same transaction that takes the port where a pod waits for it. So there is no moment at which the agent can die and believe
 * in a set that the port is not in. An unknown port is never handed out for its set: security-service is asked to put it in the
 * pod's, which refuses while the port is in another; then it is closed first.
 *
 * <p>A call whose fate is not known may be done late. As with returns, the agent then registers as another run, by which the
 * ledger fences what is still under way, and asks again only after that.
 *
 * <h2>Who may touch a port</h2>
 * A bound one: whoever has its sandbox's turn. A free one: whoever has put it in {@link io.portolan.agent.security.Flux} and
 * found it free and available after that; those in flux are not handed out.
 *
 * <p>Rejected: the pools in security-service (it would have to guess what a node's next pods are); asking the API server at
 * each ADD (one more that has to be up); confirming by {@code SB_Global} or {@code --wait=hv} (a connection to OVN's central
 * databases from each node, and the slowest chassis decides).
 */
@NullMarked
package io.portolan.agent.security;

import org.jspecify.annotations.NullMarked;
