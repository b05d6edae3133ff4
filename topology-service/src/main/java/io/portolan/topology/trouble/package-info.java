/** What is wrong, in words and by a name that does not change: {@code stateReason} and {@code stateProblem}. */
@NullMarked
package io.portolan.topology.trouble;

import org.jspecify.annotations.NullMarked;
