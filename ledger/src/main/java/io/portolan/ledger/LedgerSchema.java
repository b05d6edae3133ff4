package io.portolan.ledger;

/**
 * Which schema a ledger has, beside the one that this release makes. Both are numbers of the last migration.
 *
 * @param release of which this is
 * @param own of this release
 * @param ledger of the ledger; 0 where it is empty
 * @param oldestReader the oldest of which a service can work on it; 0 where the ledger is too old to say
 */
public record LedgerSchema(String release, int own, int ledger, int oldestReader) {
    /** @throws LedgerIncompatible where a service of this release could not work on it */
    void check() {
        if (ledger < own) {
            throw new LedgerIncompatible(
                    "the ledger has schema %03d, and %s needs %03d".formatted(ledger, release, own),
                    "Run the migration of this release (the image ledger, the Job ledger-migration); this service starts after it.");
        }
        if (own < oldestReader) {
            throw new LedgerIncompatible(
                    "the ledger has schema %03d, which only services of schema %03d and later can work on, and %s has %03d"
                            .formatted(ledger, oldestReader, release, own),
                    "Start services of the release that migrated it. There is no way back but a backup from before that migration.");
        }
    }
}
