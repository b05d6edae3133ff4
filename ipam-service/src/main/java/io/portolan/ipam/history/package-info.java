/** Who has an address, and who had it at any time. */
@NullMarked
package io.portolan.ipam.history;

import org.jspecify.annotations.NullMarked;
