/**
 * Security profiles: declared over HTTP, then made in the network by a loop with one key a cluster, because profiles name each
 * other.
 *
 * <p>A profile is <em>pending</em> until the network has it as declared, <em>ready</em> then, <em>failed</em> while the network
 * refuses it (what it had before goes on to hold), <em>deleting</em> from the request to remove it on. A change of its rules
 * reaches the ports in it without touching them.
 *
 * <p>One that is adopted is a group that somebody made in the network: it is looked up, never changed.
 */
@NullMarked
package io.portolan.security.profile;

import org.jspecify.annotations.NullMarked;
