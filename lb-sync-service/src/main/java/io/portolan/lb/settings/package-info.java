/** What an operator may set. */
@NullMarked
package io.portolan.lb.settings;

import org.jspecify.annotations.NullMarked;
