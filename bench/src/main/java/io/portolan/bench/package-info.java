/**
 * Measures what the project claims of its speed, each figure against what a user would have instead, in the same run.
 * {@code docs/benchmarks.md} says what each means and what it was.
 */
@NullMarked
package io.portolan.bench;

import org.jspecify.annotations.NullMarked;
