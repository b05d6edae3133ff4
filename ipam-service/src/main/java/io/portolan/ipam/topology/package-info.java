/** What topology-service wrote and this service only reads: clusters, nodes, and the epochs that fence agents. */
@NullMarked
package io.portolan.ipam.topology;

import org.jspecify.annotations.NullMarked;
