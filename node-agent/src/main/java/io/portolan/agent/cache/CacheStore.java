package io.portolan.agent.cache;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The view in memory and the database under it, changed one transaction at a time. */
final class CacheStore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheStore.class);
    private static final Duration KEEPER_PAUSE = Duration.ofMillis(200);

    private final CacheSettings settings;
    private final NodeClock clock;
    private final CacheDatabase database;
    private final ReentrantLock writing = new ReentrantLock();
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Thread keeper;
    private volatile @Nullable CacheView view;
    private volatile boolean outdated = true;
    private volatile boolean closed;

    /** From when on a release of an earlier boot is counted. */
    private final NodeClock.Uptime opened;

    CacheStore(CacheSettings settings, NodeClock clock) {
        this.settings = settings;
        this.clock = clock;
        opened = clock.uptime();
        database = new CacheDatabase(settings);
        keeper = Thread.ofVirtual().name("port-cache").start(this::keep);
    }

    boolean awaitReady(Duration timeout) throws InterruptedException {
        return ready.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What was last known to be in the database. */
    CacheView view() {
        return known().orElseThrow(() -> new CacheUnavailable(database.trouble(), null));
    }

    Optional<CacheView> known() {
        return Optional.ofNullable(view);
    }

    Optional<String> trouble() {
        return view != null && !outdated && database.usable() ? Optional.empty() : Optional.of(database.trouble());
    }

    NodeClock.Uptime opened() {
        return opened;
    }

    /**
     * Decides upon the newest view and commits what was decided, or nothing where the decision changes nothing. The step
     * may be asked again, upon a newer view, and must do nothing else.
     *
     * @throws CacheUnavailable when it is not known to be done in time
     */
    <T> T write(boolean durable, Function<Change, T> step) {
        long end = System.nanoTime() + settings.patience().toNanos();
        writing.lock();
        try {
            while (true) {
                CacheView before = newest(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
                Change change = new Change(before, clock);
                T result = step.apply(change);
                if (change.isEmpty() && database.usable()) {
                    return result;
                }
                outdated = true;
                if (!change.isEmpty() && database.commit(before, change.operations(), durable)) {
                    view = change.after();
                    outdated = false;
                    return result;
                }
                if (System.nanoTime() >= end) {
                    throw new CacheUnavailable(database.trouble(), null);
                }
            }
        } finally {
            writing.unlock();
        }
    }

    private CacheView newest(Duration within) {
        CacheView known = view;
        if (known != null && !outdated) {
            return known;
        }
        if (closed) {
            throw new CacheUnavailable(CacheDatabase.STOPPING, null);
        }
        CacheView loaded = database.load(within);
        view = loaded;
        outdated = false;
        ready.countDown();
        return loaded;
    }

    /** Loads the view, and has the database served and the lock held again after the server was away. */
    private void keep() {
        while (!closed) {
            try {
                Thread.sleep(view == null ? Duration.ZERO : KEEPER_PAUSE);
            } catch (InterruptedException e) {
                return;
            }
            database.keepServed();
            if ((outdated || !database.usable()) && writing.tryLock()) {
                try {
                    outdated = true;
                    newest(KEEPER_PAUSE);
                } catch (CacheUnavailable e) {
                    LOG.debug("the port cache is not available", e);
                } finally {
                    writing.unlock();
                }
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        keeper.interrupt();
        database.close();
    }
}
