/**
 * Underlay mode: a cluster's network in an OpenStack project, through Neutron. {@code DESIGN.md} has what becomes what.
 *
 * <p>Neutron has no transactions: each call stands alone, and a run may end between any two. So every object bears its
 * mark ({@code Mark}) in the call that creates it, every operation is a look followed by the
 * calls that are missing, and whoever comes next continues. Where Neutron itself keeps two writers from making an object
 * twice (addresses, MACs, overlapping subnets, trunks) its refusal is the lock; where it does not (routers, networks)
 * the oldest of those that bear the mark counts and the empty others go.
 *
 * <p>openstack4j knows Keystone, the catalog, sessions and requests. Three of its habits are kept out: its session is
 * bound to a thread (each call opens it anew from the shared token), its answer to a 404 is {@code null}, and its models
 * lack revision numbers and conditional writes. So the calls are our own ({@code NeutronApi}), on
 * its base classes, and what they answer is decoded in one place ({@code Answer}). Nothing of it is visible outside.
 */
@NullMarked
package io.portolan.sdn.neutron;

import org.jspecify.annotations.NullMarked;
