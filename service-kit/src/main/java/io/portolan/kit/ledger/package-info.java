/** A service's standing with the ledger: it checks the schema at its start, listens for changes, and takes locks. */
@NullMarked
package io.portolan.kit.ledger;

import org.jspecify.annotations.NullMarked;
