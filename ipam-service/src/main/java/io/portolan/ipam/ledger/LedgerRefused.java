package io.portolan.ipam.ledger;

import io.portolan.kit.problem.Refused;
import org.springframework.http.HttpStatus;

/** Refusals that the ledger's constraints have the only word on. */
public abstract sealed class LedgerRefused extends Refused {
    private LedgerRefused(String slug, String detail) {
        super(HttpStatus.CONFLICT, slug, detail);
    }

    /** Another port of the cluster is that object in the network. */
    static final class BackendIdTaken extends LedgerRefused {
        BackendIdTaken() {
            super("backend-id-taken", "a backendId of the request belongs to another port of the cluster");
            field("ports");
        }
    }

    /** Others were faster every time. */
    static final class Conflict extends LedgerRefused {
        Conflict(String constraint) {
            super("conflict", "others changed the same things at the same time (" + constraint + "): ask again");
        }
    }
}
