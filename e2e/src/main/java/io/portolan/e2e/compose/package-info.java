/** What {@code docker-compose.yml} has beside Portolan itself. */
@NullMarked
package io.portolan.e2e.compose;

import org.jspecify.annotations.NullMarked;
