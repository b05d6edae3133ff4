/** The way to the clusters' API servers, for those services that watch clusters: these bring the client library themselves. */
@NullMarked
package io.portolan.kit.kube;

import org.jspecify.annotations.NullMarked;
