/** What an operator may set. */
@NullMarked
package io.portolan.topology.settings;

import org.jspecify.annotations.NullMarked;
