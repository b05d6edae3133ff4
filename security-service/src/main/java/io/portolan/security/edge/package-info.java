/** What requests have in common: conditions by entity tag, pages. */
@NullMarked
package io.portolan.security.edge;

import org.jspecify.annotations.NullMarked;
