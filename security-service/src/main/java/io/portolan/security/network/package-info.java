/** The way to the security profiles of the clusters' networks; every call is guarded. */
@NullMarked
package io.portolan.security.network;

import org.jspecify.annotations.NullMarked;
