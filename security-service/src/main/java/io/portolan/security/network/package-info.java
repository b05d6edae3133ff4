/** What a network has against a security profile, in the words of this service's API. */
@NullMarked
package io.portolan.security.network;

import org.jspecify.annotations.NullMarked;
