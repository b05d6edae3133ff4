/** What an operator may set. */
@NullMarked
package io.portolan.security.settings;

import org.jspecify.annotations.NullMarked;
