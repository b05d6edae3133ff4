/** A real PostgreSQL: in a container where a Docker engine answers, embedded elsewhere. */
@NullMarked
package io.portolan.testbed.postgres;

import org.jspecify.annotations.NullMarked;
