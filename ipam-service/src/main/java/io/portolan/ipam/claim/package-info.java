/** Claims and releases: ports go into a node's cache and come back. */
@NullMarked
package io.portolan.ipam.claim;

import org.jspecify.annotations.NullMarked;
