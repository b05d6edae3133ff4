/**
 * A real PostgreSQL: in a container where a Docker engine answers, embedded elsewhere; and a pair of them, primary and
 * synchronous standby, from the embedded programs.
 */
@NullMarked
package io.portolan.testbed.postgres;

import org.jspecify.annotations.NullMarked;
