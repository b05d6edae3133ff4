/** Clusters and nodes as topology-service keeps them: read only here. */
@NullMarked
package io.portolan.security.cluster;

import org.jspecify.annotations.NullMarked;
