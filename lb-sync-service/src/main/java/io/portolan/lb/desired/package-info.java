/**
 * What a Service should be as a load balancer: {@link io.portolan.lb.desired.Desired#of}, a function of the Service, its
 * EndpointSlices, the external addresses granted to it, and {@link io.portolan.lb.desired.ClusterFacts}. No clock, no
 * network, no ledger. It does what kube-proxy does for the whole cluster at once:
 *
 * <ul>
 *   <li>Headless, {@code ExternalName} and not yet addressed Services are nothing, as are those whose label {@code
 *       service.kubernetes.io/service-proxy-name} gives them to somebody else.
 *   <li>An endpoint is used when it is <em>ready</em> (unsaid is ready); where none is, those that still serve while they
 *       terminate are. Not-ready addresses that are to be published have {@code ready} set by whoever wrote the slice, so
 *       {@code publishNotReadyAddresses} needs no look of its own; nor do selectors: hand-made slices are slices.
 *   <li>A Service's port and a slice's belong together by name and protocol. The slice says the number, which for a named
 *       target port may differ from slice to slice. Of an endpoint's addresses the first counts.
 *   <li>{@code internalTrafficPolicy: Local} binds pods to endpoints on their node, for cluster addresses alone. {@code
 *       externalTrafficPolicy: Local} asks that outside clients keep their address and that no second node is crossed; at
 *       the gateway both hold anyway, and pods use the cluster's endpoints then, with kube-proxy as with us.
 *   <li>Without any endpoint connections are refused; without one on the own node, under {@code Local}, they are lost.
 *   <li>{@code loadBalancerSourceRanges} hold for pods, too. As these come from the cluster's own blocks, a range either
 *       admits all of them or none; one that cuts a block in two is refused. What cannot be limited is not opened.
 *   <li>Zone hints and {@code trafficDistribution} are preferences and are not followed.
 * </ul>
 *
 * <p>What the network cannot do, or we do not, is a {@link io.portolan.lb.desired.Refusal}: an Event on the Service.
 */
@NullMarked
package io.portolan.lb.desired;

import org.jspecify.annotations.NullMarked;
