/**
 * Whether a cluster's ports are closed unless they are in a profile, and what pods are in that name none.
 *
 * <p>A declaration is <em>pending</em> until the network was told to close all nodes, <em>ready</em> then, <em>failed</em> while
 * it refuses; nodes that join later are closed before their first port is bound. <em>Deleting</em>: first every port is taken
 * out of its profiles, then the network opens them all. Somebody whose pods rely on profiles is not undressed by mistake: while
 * a pod is on a port in a profile, only {@code force} deletes.
 */
@NullMarked
package io.portolan.security.enforcement;

import org.jspecify.annotations.NullMarked;
