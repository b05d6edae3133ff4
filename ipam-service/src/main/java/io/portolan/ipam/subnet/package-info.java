/** Subnets: a block of a pool for a node, with a planned port for every usable address. */
@NullMarked
package io.portolan.ipam.subnet;

import org.jspecify.annotations.NullMarked;
