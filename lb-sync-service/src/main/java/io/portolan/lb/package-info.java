/**
 * Watches the Services of every cluster and keeps the load balancers of its network like them: what kube-proxy does on each
 * node, done once.
 *
 * <p>{@code desired} says what a Service should be, and is a function. {@code kube} watches and elects, {@code sync} is the
 * loop, {@code balancer} keeps the ledger's part, {@code network} is the way to the clusters' networks, {@code cluster}
 * holds what operators declare, {@code directory} answers whose port an address is, {@code floating} follows an annotation
 * of pods. Dependencies go sync → kube, floating, balancer, network, desired → cluster.
 */
@NullMarked
package io.portolan.lb;

import org.jspecify.annotations.NullMarked;
