/** How this service stands to the ledger: transactions, locks, and what a constraint's refusal means. */
@NullMarked
package io.portolan.ipam.ledger;

import org.jspecify.annotations.NullMarked;
