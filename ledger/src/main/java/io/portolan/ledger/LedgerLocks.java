package io.portolan.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Locks by name that hold among all replicas of all services: PostgreSQL's session-level advisory locks.
 *
 * <p>A lock lives as long as the connection it was taken on, so a replica that dies lets go by dying. It keeps two
 * replicas from doing the same work twice; it does not make anything safe, that is the constraints' and the epochs' work.
 * Two names of one 64-bit hash share a lock, which costs a wait and nothing else.
 */
public final class LedgerLocks {
    private static final Logger log = LoggerFactory.getLogger(LedgerLocks.class);

    private final DataSource ledger;

    public LedgerLocks(DataSource ledger) {
        this.ledger = ledger;
    }

    /** Held until closed. */
    public static final class Held implements AutoCloseable {
        private final Connection connection;
        private final String name;

        private Held(Connection connection, String name) {
            this.connection = connection;
            this.name = name;
        }

        @Override
        public void close() {
            try (connection) {
                call(connection, "select pg_advisory_unlock(hashtextextended(?, 0))", name);
            } catch (SQLException e) {
                log.warn("Lock {} goes with its connection: {}", name, e.getMessage());
            }
        }
    }

    /** Empty where another replica, or another thread of this one, holds it. */
    public Optional<Held> tryLock(String name) throws SQLException {
        Connection connection = ledger.getConnection();
        try {
            connection.setAutoCommit(true);
            if (call(connection, "select pg_try_advisory_lock(hashtextextended(?, 0))", name)) {
                return Optional.of(new Held(connection, name));
            }
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        connection.close();
        return Optional.empty();
    }

    private static boolean call(Connection connection, String sql, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, name);
            try (ResultSet result = statement.executeQuery()) {
                return result.next() && result.getBoolean(1);
            }
        }
    }
}
