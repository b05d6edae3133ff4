@NullMarked
package io.portolan.bench.simulation;

import org.jspecify.annotations.NullMarked;
