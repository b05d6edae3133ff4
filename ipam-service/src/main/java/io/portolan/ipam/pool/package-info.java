/** Pools: the address space of a cluster that subnets are cut from. */
@NullMarked
package io.portolan.ipam.pool;

import org.jspecify.annotations.NullMarked;
