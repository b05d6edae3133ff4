/**
 * The ledger: one PostgreSQL database that says what should be, shared by all services.
 *
 * <p>Every table has one writing service, named in the comment on the table and enforced by that service's role. The
 * database is the last judge: an overlap, a second owner of an address or of a VLAN tag is refused by a named constraint
 * whatever a service believes. {@code schema.sql} is the whole schema in one piece, for reading; a test proves it equal
 * to the migrations.
 *
 * <p>One job migrates ({@link io.portolan.ledger.LedgerMigration}), before the services of a release start and while those
 * of its predecessor run; services only check at their start that they can work on the ledger. So a migration adds, and
 * takes away what the release before last used; {@code MigrationRulesTest} holds each to it, {@code docs/upgrade.md} has
 * the promises.
 */
@NullMarked
package io.portolan.ledger;

import org.jspecify.annotations.NullMarked;
