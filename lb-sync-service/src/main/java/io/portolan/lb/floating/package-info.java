/**
 * The annotation {@code portolan.io/floating-ip} on pods: {@code auto} for any address, or the address.
 *
 * <p>An annotated pod has a floating address that is called after it, {@code pod.<namespace>.<name>}, declared with
 * topology-service like anybody's; these names are ours. It follows the pod's name, so a pod that is made anew keeps it, if
 * it is there again within the time between two looks ({@code portolan.lb.orphan-age}); then it is given back. So it is when
 * the annotation goes, or when the pod has ended.
 *
 * <p>There is no way to ask an API server for the pods with an annotation, so all are watched; of those without one nothing
 * is kept. The replica that is active for the cluster's Services is so for these, too.
 */
@NullMarked
package io.portolan.lb.floating;

import org.jspecify.annotations.NullMarked;
