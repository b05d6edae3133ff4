/**
 * The loop under every reconciler.
 *
 * <p>Keys, not events: a signal says only <em>look at this one</em>, the reconciler reads everything again, and a timer
 * looks at all keys whether or not anybody signalled. One code path makes, mends and removes; what is in the network and
 * not in the ledger is just one more key.
 *
 * <p>Promises:
 *
 * <ul>
 *   <li>A key is worked at one place at a time: by one worker here, and by one replica ({@link
 *       io.portolan.ledger.LedgerLocks}, name {@code loop:key}). A replica that finds a key locked leaves it to the other
 *       until the next signal or the timer. The lock saves work, it makes nothing safe: reconcilers are idempotent.
 *   <li>A signal that comes while its key is being worked makes it due again afterwards: no signal is lost.
 *   <li>A key that fails waits by itself, exponentially longer with jitter, and delays no other.
 *   <li>Progress is watched: a key in flight for longer than the deadline, or a listing of keys that does not return, turns
 *       liveness DOWN and is named. A listing that <em>fails</em> does not: a restart would not bring the ledger back.
 * </ul>
 */
@NullMarked
package io.portolan.kit.loop;

import org.jspecify.annotations.NullMarked;
