/**
 * Nodes: registered by their agents over HTTP, then given a switch, subnets and ports by the loop.
 *
 * <p>A port's way here: ipam-service plans it, the loop says <em>provisioning</em> there, makes it in the network, and says
 * <em>free</em> there. A run that died in between leaves a port in provisioning; the next one finds it in the network or
 * makes it, which is one and the same call. What the network has and the ledger has not is deleted after two looks apart in
 * time; what the ledger has and the network has not is made again. The network is always read before the ledger: a port
 * that is born between the two reads is missing in the first, never in the second.
 *
 * <p>A node is <em>joining</em> until none of its ports is planned or provisioning, <em>ready</em> then, <em>failed</em>
 * where it can have no subnet or none of its ports can be made, <em>draining</em> from the request to remove it on.
 */
@NullMarked
package io.portolan.topology.node;

import org.jspecify.annotations.NullMarked;
