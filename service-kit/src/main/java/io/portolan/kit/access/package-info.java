/**
 * Who may do what. A caller shows a token that a trusted issuer has signed; what is in it makes {@link
 * io.portolan.kit.access.Role roles} of the caller, by grants in the configuration and nothing else. Each handler of a
 * service says with {@link io.portolan.kit.access.Allowed} which roles may call it; one that does not say it keeps the
 * service from starting. A node may act only for itself: for the node in its token, in its cluster.
 *
 * <p>Two layers, so that no disagreement about paths opens a door: Spring Security's filters let nobody without a valid token
 * to anything but probes and API documents, and to nothing at all that is not named there; the rule itself is judged right
 * before the handler, by the handler that Spring MVC chose and the path variables that it found.
 */
@NullMarked
package io.portolan.kit.access;

import org.jspecify.annotations.NullMarked;
