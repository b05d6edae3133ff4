/**
 * Overlay mode: a cluster's network in OVN's northbound database.
 *
 * <p>A cluster is a {@code Logical_Router}; a node is a {@code Logical_Switch}, joined to the router by a port that is
 * pinned to the node's chassis; a pod's port is a {@code Logical_Switch_Port} named by its id; a security profile is a
 * {@code Port_Group}. {@code DESIGN.md} has the columns.
 *
 * <p>Every write goes the same way ({@link io.portolan.sdn.ovn.Northbound}): look at the server, build the rows that
 * should be there, diff, and send the difference as one transaction that holds only if what was looked at is still so.
 * Whoever was overtaken looks again. Two writers that make the same object cannot make it twice, because the
 * {@code _uuid} of a row is derived from the object's own id: the second insert is refused by the server.
 *
 * <p>No copy of the database is kept. A derived {@code _uuid} makes reads cheap where there are many rows (the server
 * finds a row by it without a scan); only tables with a row per node are searched by the cluster's mark. A replica would
 * cost memory for every port of every cluster in every replica of the service, and would be stale exactly after a
 * reconnect.
 *
 * <p>A row is ours if it bears the cluster's mark, not if its name or {@code _uuid} looks like ours. Of our rows we own
 * the columns that we write, and those of which we say that they are empty; the others belong to whoever writes them.
 */
@NullMarked
package io.portolan.sdn.ovn;

import org.jspecify.annotations.NullMarked;
