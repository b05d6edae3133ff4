/**
 * A port between the node's switch and a pod: plumbed ahead of time, attached, detached, and found again after a crash.
 *
 * <h2>A wire</h2>
 * A veth pair and a row in the node's {@code Open_vSwitch} database make a {@link io.portolan.agent.wiring.Wire}. Its host end is
 * a port of {@code br-int}. In overlay mode its {@code iface-id} is the port's id in the network, so OVN installs the port's
 * flows as soon as the wire is there, before any pod. In underlay mode it is an access port of the port's VLAN, whose flows the
 * hypervisor has installed long ago; the two modes differ in nothing but {@link io.portolan.agent.wiring.Binding}. Its pod end waits in the host's namespace, down and without address. To start a pod is
 * to move that end into the pod; to stop it is to move it back. Neither touches the switch, so nothing about it reaches OVN.
 *
 * <h2>What is true is what is there</h2>
 * Nothing is remembered between two calls. Which wires exist is read from the replica of the switch's database (rows that
 * bear {@code portolan-port}) and from the kernel; which port is whose is the cache's knowledge. Therefore a restart has nothing
 * to restore, and a crash between any two steps leaves one of a few pictures, each of which
 * {@link io.portolan.agent.wiring.Wiring#rebuild} and the next call know:
 *
 * <ul>
 *   <li>a veth pair without a row: removed, unless a pod holds its other end, then the row is written again;
 *   <li>a row whose veth is gone (it died with a pod's namespace): removed. The name is never used again: a new veth under
 *       an old port's name gets no traffic from the userspace datapath, so every plumbing draws a fresh one;
 *   <li>a whole wire: kept, for its pod or for the next one.
 * </ul>
 *
 * <p>Removed is only what bears our mark: rows with {@code portolan-port}; veths named as {@link io.portolan.agent.wiring.WireName}
 * says. A wire whose pod end is somewhere else is a living pod's until the cache or a DEL says otherwise.
 *
 * <p>Rejected: a new veth for each pod straight into its namespace (the port goes down and up again, OVN installs it anew:
 * 50 ms and a write to the southbound database for each start); names without a generation (the stale port above).
 */
@NullMarked
package io.portolan.agent.wiring;

import org.jspecify.annotations.NullMarked;
