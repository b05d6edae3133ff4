/**
 * Floating addresses: an address outside that stands for one pod, wherever that pod is.
 *
 * <p>What is declared is a pod's name, never a port: a port's address is another pod's soon. The loop looks up which port
 * the pod has now. A floating address <em>waits</em> while there is none, is <em>active</em> while it leads to one, and is
 * <em>pending</em> while there is no gateway.
 *
 * <p>An address must never lead to a pod that came later to the port. So {@code port_id} is written before the network is
 * told to lead there, and emptied after the network was told to stop; a port's change wakes the loop (trigger {@code
 * port_moves_floating_ip}), which lets go whenever the port is not bound to the very sandbox any more; and ipam-service lets
 * no port out of cooling that a floating address has. What an agent keeps in its cache cools there, for as long as the
 * cluster's {@code cooldownSeconds}: that is how much time its report and the loop have, and why it must be at least five.
 */
@NullMarked
package io.portolan.topology.floating;

import org.jspecify.annotations.NullMarked;
