package io.portolan.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes whoever waits for a change of the ledger ({@code LISTEN ledger}).
 *
 * <p>A signal and nothing more: it carries the table and the key, never the state, and what was missed while the
 * connection was down is made up for by {@link Listener#mayHaveMissed}. Holds one connection of the pool for itself, and
 * asks it now and then whether its server still lives: a server that vanished with its machine closes nothing, and
 * somebody who only listens would listen to it for ever.
 */
public final class LedgerChanges implements AutoCloseable {
    /** Called on the listening thread: hand over and return. */
    public interface Listener {
        /** A row of {@code table} changed; for subnets and ports the table is {@code node} and the key the node's. */
        void changed(String table, String key);

        /** Anything may have changed: the connection was made just now. */
        void mayHaveMissed();
    }

    private static final Logger log = LoggerFactory.getLogger(LedgerChanges.class);
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** How long it takes to notice that it is to end; an interrupt would break the pool's connection. */
    private static final Duration ROUND = Duration.ofMillis(200);

    /** In rounds. */
    private static final int SILENCE = 25;

    private static final int ANSWER_SECONDS = 3;

    private final DataSource ledger;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean closed;

    public LedgerChanges(DataSource ledger) {
        this.ledger = ledger;
        this.thread = Thread.ofVirtual().name("ledger-changes").start(this::run);
    }

    public void subscribe(Listener listener) {
        listeners.add(listener);
    }

    private void run() {
        while (!closed) {
            try (Connection connection = ledger.getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(true);
                statement.execute("listen ledger");
                listeners.forEach(Listener::mayHaveMissed);
                listen(connection);
                statement.execute("unlisten *");
            } catch (SQLException e) {
                if (!closed) {
                    log.warn("Not listening to the ledger, next try in {} s: {}", PATIENCE.toSeconds(), e.getMessage());
                    pause();
                }
            }
        }
    }

    private void listen(Connection connection) throws SQLException {
        PGConnection signals = connection.unwrap(PGConnection.class);
        int silent = 0;
        while (!closed) {
            PGNotification[] notifications = signals.getNotifications((int) ROUND.toMillis());
            silent = notifications.length > 0 ? 0 : silent + 1;
            if (silent >= SILENCE) {
                silent = 0;
                if (!connection.isValid(ANSWER_SECONDS)) {
                    throw new SQLException("the server is silent");
                }
            }
            for (PGNotification notification : notifications) {
                String[] parts = notification.getParameter().split(":", 2);
                if (parts.length == 2) {
                    listeners.forEach(l -> l.changed(parts[0], parts[1]));
                }
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(PATIENCE);
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join(PATIENCE.multipliedBy(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
    }
}
