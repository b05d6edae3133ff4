/** Ports as they are read. */
@NullMarked
package io.portolan.ipam.port;

import org.jspecify.annotations.NullMarked;
