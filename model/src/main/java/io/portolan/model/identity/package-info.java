/** By what a part of Portolan shows another one who it is. */
@NullMarked
package io.portolan.model.identity;

import org.jspecify.annotations.NullMarked;
