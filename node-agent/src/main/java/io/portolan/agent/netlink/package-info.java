/**
 * The kernel's rtnetlink, spoken in-process through {@code java.lang.foreign}: links, addresses, routes and offloads of any
 * network namespace, without starting a process.
 *
 * <p>The node agent sits in the host's namespace and keeps veth pairs ready; starting a pod is one move of the pod's end and
 * one batch of changes inside the pod:
 *
 * <pre>{@code
 * try (NetworkNamespace pod = NetworkNamespace.open(path); Netlink inPod = Netlink.in(pod)) {
 *     Link eth0 = host.moveTo(spare, inPod, "eth0");
 *     inPod.apply(
 *             Change.addAddress(eth0, new InterfaceAddress(ip, 24)),
 *             Change.up(eth0),
 *             Change.addRoute(eth0, Route.defaultVia(gateway)));
 * }
 * }</pre>
 *
 * <h2>Threads and namespaces</h2>
 * A network namespace is a property of an operating-system thread, and a socket stays in the namespace that it was made in.
 * So a namespace is entered exactly once per socket, by a platform thread made for that purpose which ends right after: there
 * is no way back that could fail, and no thread that could be left in the wrong place. Everything after that works from any
 * thread. rtnetlink works while the sender waits (a move between namespaces takes the kernel some 20 ms), therefore callers
 * on virtual threads are carried over to a few platform threads and park, instead of pinning their carrier.
 *
 * <h2>What is promised</h2>
 * <ul>
 *   <li>A {@link io.portolan.agent.netlink.Netlink} may be shared by threads; its requests are answered one batch at a time.
 *   <li>The requests of one batch are all tried, in their order, whatever becomes of the earlier ones: netlink has no
 *       transactions. The first failure is thrown, the others are suppressed in it.
 *   <li>A refusal is a {@link io.portolan.agent.netlink.NetlinkException} with the errno's name, the operation, its object and
 *       the kernel's own words where it gave some.
 *   <li>An open {@link io.portolan.agent.netlink.NetworkNamespace} or {@link io.portolan.agent.netlink.Netlink} keeps a
 *       namespace alive whose last process and path are gone, and with it the interfaces inside. Both are to be closed soon.
 * </ul>
 *
 * <p>Numbers are those of {@code linux/netlink.h}, {@code rtnetlink.h}, {@code if_link.h}, {@code if_addr.h}, {@code veth.h},
 * {@code nsfs.h} and {@code ethtool.h}; they are the same on every architecture that a JDK 25 runs on under Linux except where
 * {@link io.portolan.agent.netlink.Libc} says otherwise. A process per step ({@code ip}, {@code ethtool}) was rejected for its
 * cost at pod start, a JNI library for its build.
 */
@NullMarked
package io.portolan.agent.netlink;

import org.jspecify.annotations.NullMarked;
