/** How services say no: {@code application/problem+json} (RFC 9457) with a stable type, for every refusal there is. */
@NullMarked
package io.portolan.kit.problem;

import org.jspecify.annotations.NullMarked;
