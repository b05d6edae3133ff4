package io.portolan.ipam.pool;

import io.portolan.model.Cidr;
import io.portolan.model.api.PortCounts;

/**
 * A pool and how much of it is used.
 *
 * @param size addresses in all
 * @param subnets how many are cut from it
 * @param addressesInSubnets addresses in those, the reserved ones among them
 */
record PoolView(String name, Cidr cidr, long size, int subnets, long addressesInSubnets, PortCounts ports) {}
