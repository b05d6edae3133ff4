/** How this service stands to the ledger: transactions, and what a constraint's refusal means. */
@NullMarked
package io.portolan.topology.ledger;

import org.jspecify.annotations.NullMarked;
