/** What happens without being asked: addresses cool down, months of history are made and forgotten. */
@NullMarked
package io.portolan.ipam.upkeep;

import org.jspecify.annotations.NullMarked;
