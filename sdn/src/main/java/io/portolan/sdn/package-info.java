/**
 * The seam between what the ledger wants and a network that can give it. Two networks stand behind it: OVN's northbound
 * database (overlay) and OpenStack Neutron (underlay); {@link io.portolan.sdn.InMemoryBackend} is the third
 * implementation, for tests and simulations. All pass {@code SdnBackendContract}.
 *
 * <p>Rules of every implementation:
 *
 * <ul>
 *   <li>What it makes bears the cluster's UID and its own key <em>from the moment it exists</em>, so that a run that
 *       died finds its half-made objects again. It changes and deletes nothing that does not bear that mark.
 *   <li>Every write is <em>ensure</em>: it looks first, mends what differs, and does nothing where nothing differs. It
 *       may be repeated after any failure.
 *   <li>A read that fails throws. It never answers "there is nothing", because somebody would delete on the strength of
 *       that.
 *   <li>It blocks until the network has taken the write; it starts no threads of the caller's concern and keeps no queue.
 *       Retries, time limits and the creation budget are the caller's.
 *   <li>Nothing here assumes that a cluster is one northbound database.
 * </ul>
 *
 * <p>Facets are small. Load balancers pass {@code SdnLoadBalancersContract}, security profiles {@code
 * SdnSecurityContract}.
 */
@NullMarked
package io.portolan.sdn;

import org.jspecify.annotations.NullMarked;
