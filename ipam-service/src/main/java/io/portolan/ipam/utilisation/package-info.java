/** How much of what is used, per cluster and node. */
@NullMarked
package io.portolan.ipam.utilisation;

import org.jspecify.annotations.NullMarked;
