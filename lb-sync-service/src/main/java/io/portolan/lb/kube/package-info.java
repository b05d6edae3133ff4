/** The way to the clusters' API servers: clients, watches that keep a copy, and leadership by a Lease in the cluster that is led. */
@NullMarked
package io.portolan.lb.kube;

import org.jspecify.annotations.NullMarked;
