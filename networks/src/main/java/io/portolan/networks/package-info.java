/**
 * The way to the clusters' networks.
 *
 * <p>{@link io.portolan.networks.Networks} has one backend a cluster: of the {@link io.portolan.networks.NetworkKind} that its
 * mode and endpoints tell, opened at its first use and again where they change. Every call to it is guarded: limited in time
 * and in number, counted by a circuit breaker of that cluster's own, repeated only where the network could not be asked. A
 * slow or dead network of one cluster costs the others nothing.
 *
 * <p>A service has all this by having the module: it says where its secrets are ({@link io.portolan.networks.Secrets}) and
 * imports {@code networks.yaml}, whose limits it may change. Kinds of its own are beans.
 */
@NullMarked
package io.portolan.networks;

import org.jspecify.annotations.NullMarked;
