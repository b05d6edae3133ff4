/** All that a node needs to know of profiles, in one answer that it keeps. */
@NullMarked
package io.portolan.security.node;

import org.jspecify.annotations.NullMarked;
