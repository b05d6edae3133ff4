package io.portolan.ovsdb;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of some tables that follows the server, one transaction at a time.
 *
 * <p>While there is no connection it keeps what it had ({@link #isLive} is false); what was missed arrives as one batch
 * after the reconnect.
 */
public final class Replica implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    private final Tally tally;
    private final Dispatcher dispatcher;
    private final List<Consumer<List<RowChange>>> listeners = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final LocalCopy copy = new LocalCopy();
    private boolean loaded;
    private boolean live;
    private boolean closed;
    private OvsdbException.@Nullable Refused refusal;
    private Runnable onClose = () -> {};

    Replica(String database, Tally tally) {
        this.tally = tally;
        this.dispatcher = new Dispatcher("ovsdb-replica " + database);
    }

    /**
     * Waits for the first load.
     *
     * @throws OvsdbException.Refused when the server refused to monitor, such as for a table that it does not have
     * @throws OvsdbException.NotConnected when the time was up first
     */
    public Replica awaitLoaded(Duration timeout) {
        Deadline deadline = Deadline.in(timeout);
        lock.lock();
        try {
            while (!loaded) {
                if (refusal != null) {
                    throw refusal;
                }
                if (closed) {
                    throw new OvsdbException.Closed();
                }
                long left = deadline.left();
                if (left == 0) {
                    throw new OvsdbException.NotConnected("the replica was not loaded within " + timeout, null);
                }
                changed.awaitNanos(left);
            }
            return this;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OvsdbException.NotConnected("interrupted while waiting for the first load", e);
        } finally {
            lock.unlock();
        }
    }

    public boolean isLoaded() {
        lock.lock();
        try {
            return loaded;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it follows a connected server at this moment. */
    public boolean isLive() {
        lock.lock();
        try {
            return live;
        } finally {
            lock.unlock();
        }
    }

    public Snapshot snapshot() {
        lock.lock();
        try {
            return copy.snapshot();
        } finally {
            lock.unlock();
        }
    }

    /** Cheaper than a snapshot for one row. */
    public Optional<Row> row(String table, UUID id) {
        lock.lock();
        try {
            return Optional.ofNullable(copy.row(table, id));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Tells the listener first all rows that are there, as one batch of inserts (left out when there are none), then
     * every batch of changes, without a gap, in order, on a thread of this replica. It may call the client. What a slow
     * listener has not taken yet is kept in memory.
     */
    public void listen(Consumer<List<RowChange>> listener) {
        lock.lock();
        try {
            List<RowChange> present = new ArrayList<>();
            copy.snapshot()
                    .tables()
                    .forEach((table, rows) ->
                            rows.forEach((id, row) -> present.add(new RowChange(table, id, null, row))));
            dispatcher.run(() -> {
                listeners.add(listener);
                tell(listener, present);
            });
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            live = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        onClose.run();
        dispatcher.close();
    }

    void onClose(Runnable action) {
        onClose = action;
    }

    /** What the server said when asked: the whole content, or what changed since the transaction it was asked from. */
    void started(List<RowUpdate> updates, boolean whole) {
        lock.lock();
        try {
            if (whole) {
                tally.resyncs.increment();
            }
            publish(whole ? copy.replace(updates) : copy.apply(updates));
            loaded = true;
            live = true;
            refusal = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void updated(List<RowUpdate> updates) {
        lock.lock();
        try {
            tally.updates.increment();
            publish(copy.apply(updates));
        } finally {
            lock.unlock();
        }
    }

    void refused(OvsdbException.Refused why) {
        LOG.warn("the server refuses to monitor: {}", why.getMessage());
        lock.lock();
        try {
            refusal = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void lost() {
        lock.lock();
        try {
            live = false;
        } finally {
            lock.unlock();
        }
    }

    private void publish(List<RowChange> batch) {
        List<RowChange> fixed = List.copyOf(batch);
        dispatcher.run(() -> listeners.forEach(listener -> tell(listener, fixed)));
    }

    private static void tell(Consumer<List<RowChange>> listener, List<RowChange> batch) {
        if (batch.isEmpty()) {
            return;
        }
        try {
            listener.accept(batch);
        } catch (RuntimeException e) {
            LOG.error("a replica's listener failed", e);
        }
    }
}
