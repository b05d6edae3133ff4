/**
 * The whole of Portolan on one machine: PostgreSQL, OVN central, the services, and nodes in network namespaces with
 * agents, as separate processes that can be killed one by one. The demo shows it, the end-to-end tests break it.
 */
@NullMarked
package io.portolan.e2e.stack;

import org.jspecify.annotations.NullMarked;
