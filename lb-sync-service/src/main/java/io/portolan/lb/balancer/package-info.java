/** Load balancers in the ledger: what each should be, how it stands, which external address it has; and over HTTP, how they are shown. */
@NullMarked
package io.portolan.lb.balancer;

import org.jspecify.annotations.NullMarked;
