/**
 * How much the clusters' networks are asked for, which are reached by {@link io.portolan.networks.Networks}: making ports
 * needs a slot of the {@link io.portolan.topology.network.CreationBudget}, which all replicas share, and clouds that cannot
 * keep up are asked for less. A network in memory besides.
 */
@NullMarked
package io.portolan.topology.network;

import org.jspecify.annotations.NullMarked;
