/**
 * Real Open vSwitch and OVN on one machine, for tests and for the demo.
 *
 * <p>Everything hangs on a {@link io.portolan.testbed.Workspace}: a directory, a name and a promise. The promise is that
 * nothing which was started through it outlives it, however its owner ends:
 *
 * <ul>
 *   <li>{@code close()}, also from the JVM's shutdown hook (Ctrl-C, SIGTERM): whatever was made is closed, newest first.
 *   <li>SIGKILL of the owner: {@link io.portolan.testbed.Workspace#sweepAll(java.nio.file.Path)} finds the dead owner's
 *       directory and removes what its journal names.
 * </ul>
 *
 * <p>Three rules make the sweep safe on a machine where other testbeds run:
 *
 * <ol>
 *   <li>Namespaces and root-namespace links are written to the journal <em>before</em> they are made. A link is removed
 *       only if it still has the hardware address that the journal gave it.
 *   <li>Processes are not remembered by pid, which is unknown before the start and recycled after the end. Each process
 *       bears its workspace's directory in its environment, which its own children inherit; the sweep looks for that
 *       mark in {@code /proc} and kills through a {@link java.lang.ProcessHandle}, which refuses a recycled pid.
 *   <li>An owner is a pid with its start time.
 * </ol>
 *
 * <p>Daemons run in the foreground as children of the JVM in a session of their own: Ctrl-C in a terminal reaches the
 * JVM only, which then closes in order. The parent-death signal was rejected: it fires when the starting
 * <em>thread</em> ends.
 *
 * <p>Unix sockets are used wherever both ends can see the file system, because an {@code ovsdb-server} whose TCP port is
 * taken does not end but retries for ever, while clients talk to a stranger. Where TCP is wanted, the listener is shown to
 * belong to our process before it counts as ready.
 */
@NullMarked
package io.portolan.testbed;

import org.jspecify.annotations.NullMarked;
