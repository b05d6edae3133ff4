package io.portolan.ovsdb;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** Keeps one fit link to the database alive until it is closed. */
final class Session implements AutoCloseable {

    /** What lives on the link and must be asked for anew on the next one. */
    interface Tenant {
        /** Before callers get the link. Calls made here must be handled by their reply function to stay in order. */
        void restore(Link link);

        /** On the reading thread, for every notification of the server. */
        void notified(String method, JsonNode params);

        /** After the last notification of a link. */
        void lost();
    }

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private final OvsdbOptions options;
    private final Tally tally;
    private final Fitness fitness;
    private final Dispatcher dispatcher;
    private final Consumer<ConnectionState> stateListener;
    private final List<Tenant> tenants = new CopyOnWriteArrayList<>();
    private final ReentrantLock restoring = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Thread keeper;
    private @Nullable Link current;
    private String problem = "not tried yet";
    private volatile @Nullable Link opening;
    private volatile boolean closed;

    Session(OvsdbOptions options, Tally tally, Dispatcher dispatcher, Consumer<ConnectionState> stateListener) {
        this.options = options;
        this.tally = tally;
        this.dispatcher = dispatcher;
        this.stateListener = stateListener;
        this.fitness = new Fitness(options);
        this.keeper =
                Thread.ofVirtual().name("ovsdb-session " + options.database()).unstarted(this::keep);
    }

    void start() {
        keeper.start();
    }

    Duration callTimeout() {
        return options.callTimeout();
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    /** The link that callers use, waiting for one until the deadline. */
    Link await(Deadline deadline) {
        lock.lock();
        try {
            while (current == null && !closed) {
                long left = deadline.left();
                if (left == 0) {
                    throw new OvsdbException.NotConnected(
                            "no connection to " + options.database() + " at " + options.endpoints() + ": " + problem,
                            null);
                }
                changed.awaitNanos(left);
            }
            if (closed || current == null) {
                throw new OvsdbException.Closed();
            }
            return current;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OvsdbException.NotConnected("interrupted while waiting for a connection", e);
        } finally {
            lock.unlock();
        }
    }

    /** The link in use, if there is one. */
    Optional<Link> link() {
        lock.lock();
        try {
            return Optional.ofNullable(current);
        } finally {
            lock.unlock();
        }
    }

    void add(Tenant tenant) {
        restoring.lock();
        try {
            tenants.add(tenant);
            link().ifPresent(link -> restore(tenant, link));
        } finally {
            restoring.unlock();
        }
    }

    void remove(Tenant tenant) {
        tenants.remove(tenant);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Link link = opening;
        if (link != null) {
            link.close("the client was closed");
        }
        keeper.interrupt();
    }

    private void keep() {
        int attempt = 0;
        int next = 0;
        try {
            while (!closed) {
                OvsdbEndpoint endpoint =
                        options.endpoints().get(next++ % options.endpoints().size());
                long started = System.nanoTime();
                boolean used = use(endpoint);
                boolean lasted =
                        System.nanoTime() - started > options.backoffMax().toNanos();
                attempt = used && lasted ? 0 : attempt + 1;
                pause(attempt);
            }
        } catch (InterruptedException e) {
            LOG.debug("{}: session interrupted", options.database(), e);
        } finally {
            dispatcher.run(() -> stateListener.accept(new ConnectionState.Closed()));
            dispatcher.close();
        }
    }

    /** Returns, once the link is over, whether it was ever fit for use. */
    private boolean use(OvsdbEndpoint endpoint) {
        Link link;
        try {
            link = Link.open(endpoint, options, this::notified);
        } catch (IOException | RuntimeException e) {
            failed(endpoint, e.toString());
            return false;
        }
        opening = link;
        boolean published = false;
        try {
            if (!closed) {
                published = publish(link);
            }
        } catch (OvsdbException e) {
            failed(endpoint, e.toString());
        } finally {
            if (!published) {
                link.close("unfit");
            }
        }
        String why = link.awaitEnd();
        unpublish(link, why, published);
        return published;
    }

    private boolean publish(Link link) {
        Optional<String> complaint = fitness.check(link);
        if (complaint.isPresent()) {
            failed(link.endpoint(), complaint.get());
            return false;
        }
        restoring.lock();
        try {
            tenants.forEach(tenant -> restore(tenant, link));
            lock.lock();
            try {
                current = link;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        } finally {
            restoring.unlock();
        }
        tally.connects.increment();
        LOG.info("{}: connected to {}", options.database(), link.endpoint());
        dispatcher.run(() -> stateListener.accept(new ConnectionState.Connected(link.endpoint())));
        return true;
    }

    private void unpublish(Link link, String why, boolean published) {
        lock.lock();
        try {
            current = null;
            if (published) {
                problem = link.endpoint() + " " + why;
            }
        } finally {
            lock.unlock();
        }
        tenants.forEach(Tenant::lost);
        if (published && !closed) {
            LOG.warn("{}: lost {}: {}", options.database(), link.endpoint(), why);
            dispatcher.run(() -> stateListener.accept(new ConnectionState.Disconnected(why)));
        }
    }

    private static void restore(Tenant tenant, Link link) {
        try {
            tenant.restore(link);
        } catch (OvsdbException e) {
            link.close("could not be set up: " + e.getMessage());
        }
    }

    private void notified(String method, JsonNode params) {
        Link link = opening;
        if (link != null) {
            fitness.notified(method, params).ifPresent(link::close);
            if (method.equals("monitor_canceled")) {
                link.close("the database was taken away");
            }
        }
        tenants.forEach(tenant -> tenant.notified(method, params));
    }

    private void failed(OvsdbEndpoint endpoint, String why) {
        tally.failedConnects.increment();
        LOG.debug("{}: {} cannot be used: {}", options.database(), endpoint, why);
        lock.lock();
        try {
            problem = endpoint + " " + why;
        } finally {
            lock.unlock();
        }
    }

    /** Doubles with each round over the endpoints; jittered, so that many clients do not return at once. */
    private void pause(int attempt) throws InterruptedException {
        int rounds = Math.min(20, Math.max(0, attempt - 1) / options.endpoints().size());
        Duration full = options.backoffMin().multipliedBy(1L << rounds);
        long nanos = Math.min(full.toNanos(), options.backoffMax().toNanos());
        TimeUnit.NANOSECONDS.sleep(ThreadLocalRandom.current().nextLong(nanos / 2, nanos + 1));
    }
}
