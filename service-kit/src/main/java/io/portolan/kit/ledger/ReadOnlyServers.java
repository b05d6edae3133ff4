package io.portolan.kit.ledger;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * A connection whose server takes no writes any more leaves the pool: behind a pooler or an address that moves, it may lead
 * to the old primary. The pool makes it by name, from {@code ledger-connections.yaml}.
 */
public final class ReadOnlyServers implements SQLExceptionOverride {
    private static final String READ_ONLY = "25006";

    @java.lang.Override
    public Override adjudicate(SQLException e) {
        return READ_ONLY.equals(e.getSQLState()) ? Override.MUST_EVICT : Override.CONTINUE_EVICT;
    }
}
