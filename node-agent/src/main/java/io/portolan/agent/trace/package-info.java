/**
 * What the agent's log says of each call and round: the id of its trace, and whom it is about.
 *
 * <p>The agent is on every node and has no SDK for traces: it makes ids, logs them (MDC), and hands them on in W3C's header
 * {@code traceparent}, which services continue. What a pod's ADD changes is told to the ledger later, in a batch of reports
 * of many pods, so no header could name its trace; the report's own id does, which the ledger keeps in its history.
 */
@NullMarked
package io.portolan.agent.trace;

import org.jspecify.annotations.NullMarked;
