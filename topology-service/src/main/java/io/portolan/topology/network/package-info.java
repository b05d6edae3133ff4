/**
 * The way to the clusters' networks.
 *
 * <p>Every call to a network goes through {@link io.portolan.topology.network.ResilientBackend}: limited in time and in
 * number, counted by a circuit breaker of that cluster's own, repeated only where the network could not be asked. Making
 * ports needs a slot of the {@link io.portolan.topology.network.CreationBudget} besides, which all replicas share. A slow
 * or dead network of one cluster costs the others nothing but these limits.
 */
@NullMarked
package io.portolan.topology.network;

import org.jspecify.annotations.NullMarked;
