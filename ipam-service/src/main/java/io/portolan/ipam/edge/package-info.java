/** Where text becomes types. */
@NullMarked
package io.portolan.ipam.edge;

import org.jspecify.annotations.NullMarked;
