/** The way to ipam-service, which owns pools, subnets and ports. Refusals of its own and its absence are different things here. */
@NullMarked
package io.portolan.topology.ipam;

import org.jspecify.annotations.NullMarked;
