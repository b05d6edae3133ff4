/**
 * The words of the project as types. Text is parsed into them at the edges and nowhere else.
 *
 * <p>An address is an {@link io.portolan.model.IpAddress}, never a {@code String}: a lookup by a differently spelt
 * address is how another system handed one address out twice. Everything here is family neutral: an IPv6 address, a
 * dual-stack port and a /64 are values of the same types.
 *
 * <p>Imports only the JDK, JSpecify and Jackson's annotations.
 */
@NullMarked
package io.portolan.model;

import org.jspecify.annotations.NullMarked;
