/**
 * ipam-service: what is whose, ever. It alone writes {@code pool}, {@code subnet}, {@code port} and {@code port_event}.
 *
 * <p>A use case is one transaction of few statements; each statement names the state that it changes from, so a request
 * that comes late or twice changes nothing. Replicas share nothing but the ledger. What no statement can see in time, a
 * named constraint refuses, and {@link io.portolan.ipam.ledger.LedgerTransactions} turns that into words.
 *
 * <p>A change that the ledger makes on its own is dated {@code greatest(changed_at, statement_timestamp())}, a change that
 * an agent reports {@code greatest(changed_at, least(at, now))}: the history of a port never runs backwards, whatever
 * the clocks do and however long a statement waited for a row.
 */
@NullMarked
package io.portolan.ipam;

import org.jspecify.annotations.NullMarked;
