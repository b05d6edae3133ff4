/** {@code ./portolan demo}, {@code up}, {@code status} and {@code down}. */
@NullMarked
package io.portolan.e2e.demo;

import org.jspecify.annotations.NullMarked;
