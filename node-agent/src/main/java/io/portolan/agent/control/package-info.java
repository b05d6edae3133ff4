/**
 * What the agent has to do with topology-service and ipam-service, in loops that no pod waits for: registration, leases,
 * reports, and the rest of addresses between two pods. Whatever these services do or fail to do, what is in the cache goes on
 * being used.
 *
 * <h2>Calls whose fate is not known</h2>
 * A call that got no answer may have been done, or may yet be; so may one of which the service says that the ledger did not
 * confirm it (503 {@code ledger-unavailable}). What makes asking again right:
 * <ul>
 *   <li>a registration says what is so;
 *   <li>a claim has a key that was durable in the cache before it was sent, and gets the same ports again;
 *   <li>a report has a key of its own;
 *   <li>a return has none: done twice, with a claim between, it would take back a port that a pod may have by then. So after a
 *       return in doubt the agent registers as another run: the ledger raises the node's epoch, which fences whatever is still
 *       under way, and only then does this one go on.
 * </ul>
 *
 * <p>Claims, returns and comparisons are made by one thread, one after another, so that none is under way while another is
 * judged. Reports go their own way: what happens to pods does not wait for what happens to the pool.
 *
 * <p>Rejected: circuit breakers and bulkheads (a loop that backs off is one, and there is one call at a time to each
 * service), leasing at a pod's start (the pod would wait for the control plane).
 */
@NullMarked
package io.portolan.agent.control;

import org.jspecify.annotations.NullMarked;
