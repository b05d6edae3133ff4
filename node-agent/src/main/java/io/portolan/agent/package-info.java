/**
 * The node agent as a program: its properties and how its parts are put together.
 *
 * <p>Order of a start: the node's database, the cache, the switch, the rebuild of what was, the DELs that were queued, then
 * pods. The control plane is needed for none of it, and whether it answers changes nothing in that order.
 */
@NullMarked
package io.portolan.agent;

import org.jspecify.annotations.NullMarked;
