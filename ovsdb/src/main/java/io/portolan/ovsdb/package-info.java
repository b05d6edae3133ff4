/**
 * An OVSDB client (RFC 7047 and the extensions of Open vSwitch's {@code ovsdb-server}).
 *
 * <p>{@link io.portolan.ovsdb.OvsdbClient} is one database reached through a list of endpoints. Inside it:
 *
 * <ul>
 *   <li>a {@code Link} is one connection. One virtual thread reads: it answers the server's echo, applies updates to
 *       replicas and completes calls, in the order of the wire, and never runs a caller's code. One virtual thread
 *       writes, so that the interruption of a caller cannot close the connection under everybody else. One probes.
 *   <li>the {@code Session} keeps a link alive: next endpoint, jittered backoff, fitness of the server ({@code _Server}
 *       database: connected, leader, not stale), then its tenants (replicas and locks) are restored, and only then is
 *       the link given to callers.
 *   <li>a {@code Monitor} feeds a {@link io.portolan.ovsdb.Replica} and resumes by the last transaction id.
 * </ul>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A transaction is sent at most once. Whoever waits for it is told one of four things, see
 *       {@link io.portolan.ovsdb.OvsdbException}; "not sent" is promised only when no byte was handed to the socket.
 *   <li>When {@code transact} returns, the replicas of the same client already show its effect, because the server
 *       sends updates before the reply and one thread handles both.
 *   <li>Listeners run on threads of their own, in order, one batch for each update of the server. A listener that
 *       throws is logged and asked again next time.
 *   <li>After a reconnect listeners see what changed meanwhile, deletions too.
 * </ul>
 *
 * <p>Rejected: SSLEngine over a channel (the layered socket is a third of the code and a virtual thread may block), a
 * queue of transactions that survives a reconnect (the caller alone knows whether repeating is right), object mapping
 * of rows (a {@link io.portolan.ovsdb.Row} of typed values follows the schema's upgrades without recompiling).
 */
@NullMarked
package io.portolan.ovsdb;

import org.jspecify.annotations.NullMarked;
