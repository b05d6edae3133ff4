/**
 * Owns clusters and nodes, and makes what they need exist in their networks: a router a cluster, a switch a node, a port an
 * address.
 *
 * <p>A request only writes the ledger. Two loops make it so: {@code cluster} keeps router and pools, {@code node} keeps
 * switch, subnets and ports. Both look at the network first and at the ledger second, and both take down what they put up,
 * in the opposite order. {@code network} is the way to a network, with everything that keeps a sick one from hurting others;
 * {@code ipam} is the way to ipam-service, which owns subnets and ports. Dependencies go node → cluster → network, ipam.
 */
@NullMarked
package io.portolan.topology;

import org.jspecify.annotations.NullMarked;
