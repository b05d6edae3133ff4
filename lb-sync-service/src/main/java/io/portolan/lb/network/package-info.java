/** The way to the clusters' networks. */
@NullMarked
package io.portolan.lb.network;

import org.jspecify.annotations.NullMarked;
