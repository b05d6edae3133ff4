package io.portolan.ledger;

/** This release and the ledger's schema do not go together. {@code docs/upgrade.md} has the promises. */
public final class LedgerIncompatible extends RuntimeException {
    private final String remedy;

    LedgerIncompatible(String message, String remedy) {
        super(message);
        this.remedy = remedy;
    }

    /** What an operator does about it. */
    public String remedy() {
        return remedy;
    }
}
