/**
 * Pods that are scheduled to this node and have not been started: the node asks for their ports before kubelet does. Nothing
 * depends on it but how early ports are there; with the API server away the node goes by the pods that it has.
 */
@NullMarked
package io.portolan.agent.demand;

import org.jspecify.annotations.NullMarked;
