package io.portolan.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Locks by name that hold among all replicas of all services: PostgreSQL's session-level advisory locks.
 *
 * <p>All locks of one of these are held on <em>one</em> connection, which is borrowed while there is a lock to hold: a
 * connection a lock would let a few workers empty a pool of eight and then wait for each other. A replica that dies lets
 * go by dying. It keeps two replicas from doing the same work twice; it does not make anything safe, that is the
 * constraints' and the epochs' work: where the connection breaks, its locks are free to others before their holders know.
 * Two names of one 64-bit hash share a lock among replicas, which costs a wait and nothing else.
 */
public final class LedgerLocks {
    private static final Logger log = LoggerFactory.getLogger(LedgerLocks.class);

    private final DataSource ledger;
    private final ReentrantLock turn = new ReentrantLock();
    private final Set<String> names = new HashSet<>();
    private @Nullable Connection session;
    private long sessions;

    public LedgerLocks(DataSource ledger) {
        this.ledger = ledger;
    }

    /** Held until closed. */
    public final class Held implements AutoCloseable {
        private final String name;
        private final long on;

        private Held(String name, long on) {
            this.name = name;
            this.on = on;
        }

        @Override
        public void close() {
            release(this);
        }
    }

    /** Empty where another replica, or another thread of this one, holds it. */
    public Optional<Held> tryLock(String name) throws SQLException {
        turn.lock();
        try {
            if (names.contains(name)) {
                return Optional.empty();
            }
            boolean used = session != null;
            try {
                return take(name);
            } catch (SQLException e) {
                abandon();
                if (!used) {
                    throw e;
                }
                log.warn("The connection with {} locks broke: {}", names.size(), e.getMessage());
                return take(name);
            }
        } finally {
            turn.unlock();
        }
    }

    private Optional<Held> take(String name) throws SQLException {
        Connection connection = session;
        if (connection == null) {
            connection = ledger.getConnection();
            session = connection;
            sessions++;
            connection.setAutoCommit(true);
        }
        if (call(connection, "select pg_try_advisory_lock(hashtextextended(?, 0))", name)) {
            names.add(name);
            return Optional.of(new Held(name, sessions));
        }
        giveBackIfIdle();
        return Optional.empty();
    }

    private void release(Held held) {
        turn.lock();
        try {
            if (names.remove(held.name) && session != null && held.on == sessions) {
                call(session, "select pg_advisory_unlock(hashtextextended(?, 0))", held.name);
                giveBackIfIdle();
            }
        } catch (SQLException e) {
            log.warn("Lock {} goes with its connection: {}", held.name, e.getMessage());
            abandon();
        } finally {
            turn.unlock();
        }
    }

    private void giveBackIfIdle() throws SQLException {
        if (names.isEmpty() && session != null) {
            Connection idle = session;
            session = null;
            idle.close();
        }
    }

    private void abandon() {
        Connection broken = session;
        session = null;
        if (broken != null) {
            try {
                broken.abort(Runnable::run);
                broken.close();
            } catch (SQLException e) {
                log.debug("A broken connection does not close", e);
            }
        }
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
