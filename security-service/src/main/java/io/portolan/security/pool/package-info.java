/** Declared pools: sets of profiles that free ports of nodes wait in. The nodes make them so. */
@NullMarked
package io.portolan.security.pool;

import org.jspecify.annotations.NullMarked;
