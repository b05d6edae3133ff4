/** An OVSDB client, RFC 7047. */
@NullMarked
package io.portolan.ovsdb;

import org.jspecify.annotations.NullMarked;
