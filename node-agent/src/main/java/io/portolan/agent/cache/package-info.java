/**
 * The ports that this node holds, in a database of our own in the node's local {@code ovsdb-server}.
 *
 * <p>What is in {@code Portolan_Node} is true on this node, whatever the rest of the world does: a pod starts and stops on
 * it alone, and an agent that comes back reads it and knows all it knew. The schema is the judge where code could err: a
 * port's row has the port's own id, an attachment is unique by (sandbox, interface) and by port, and refers to its port
 * strongly, so that a port in use cannot be removed.
 *
 * <h2>One writer, one order</h2>
 * <ul>
 *   <li>Every transaction asserts the OVSDB lock {@code portolan_agent}: a second agent on the node waits for it.
 *   <li>Every transaction names the {@code serial} that it was decided upon and raises it. A decision on an outdated view
 *       (the connection was lost, another agent wrote meanwhile, an answer did not arrive) is refused by the database, the
 *       view is read again, and the decision is made anew. Retrying is therefore always right.
 *   <li>Views are immutable; readers never wait for a writer.
 * </ul>
 *
 * <h2>Durable is</h2>
 * that a pod has a port, or no longer; that ports are leased, before they are used; that ports are to be given back, before
 * the ledger is told. Reports are rows of the same transactions, so there are exactly those that happened. That a port has
 * rested, or that a report arrived, may be forgotten by a power cut: it is found out again. Reading the view after a
 * connection was lost syncs whatever was written before.
 *
 * <h2>Cool-down</h2>
 * It is measured by the machine's uptime, which no one sets; wall clocks jump. A release is stored with the uptime and the
 * boot it belongs to; after a reboot the rest begins again.
 *
 * <p>Rejected: a map on the Open_vSwitch row (each write wakes every monitor with all of it), a file of our own (a second
 * database to get right), group commit of several pods' transactions (a durable one takes 2 to 6 ms, and a node starts few
 * pods a second).
 */
@NullMarked
package io.portolan.agent.cache;

import org.jspecify.annotations.NullMarked;
