/** Where text becomes types, and where refusals are counted. */
@NullMarked
package io.portolan.ipam.edge;

import org.jspecify.annotations.NullMarked;
