/** How a cluster's Services are watched: declared over HTTP, kept in the ledger. The clusters themselves are topology-service's and are read only. */
@NullMarked
package io.portolan.lb.cluster;

import org.jspecify.annotations.NullMarked;
