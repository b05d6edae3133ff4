/**
 * The ledger: one PostgreSQL database that says what should be, shared by all services.
 *
 * <p>Every table has one writing service, named in the comment on the table and enforced by that service's role. The
 * database is the last judge: an overlap, a second owner of an address or of a VLAN tag is refused by a named constraint
 * whatever a service believes. {@code schema.sql} is the whole schema in one piece, for reading; a test proves it equal
 * to the migrations.
 *
 * <p>One job migrates ({@link io.portolan.ledger.LedgerMigration}); services only check at their start that the ledger
 * is the one they were built for.
 */
@NullMarked
package io.portolan.ledger;

import org.jspecify.annotations.NullMarked;
