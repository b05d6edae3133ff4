package io.portolan.ovsdb;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * A lock that one client of a server owns at a time, lost with the connection.
 *
 * <p>{@link #isHeld} is a hint that may be outdated when it is read; {@link Operation#assertLock} in a transaction is
 * the proof. A server keeps its locks to itself, so in a cluster all rivals must use the leader.
 */
public final class OvsdbLock implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OvsdbLock.class);

    private final String name;
    private final Session session;
    private final Consumer<Boolean> listener;
    private final Runnable onClose;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Session.Tenant tenant = new Tenant();
    private boolean held;

    OvsdbLock(String name, Session session, Consumer<Boolean> listener, Runnable onClose) {
        Atom.requireIdentifier(name);
        this.name = name;
        this.session = session;
        this.listener = listener;
        this.onClose = onClose;
    }

    public String name() {
        return name;
    }

    public boolean isHeld() {
        lock.lock();
        try {
            return held;
        } finally {
            lock.unlock();
        }
    }

    /** False when the time was up first. */
    public boolean awaitHeld(Duration timeout) throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        lock.lock();
        try {
            while (!held && deadline.left() > 0) {
                changed.awaitNanos(deadline.left());
            }
            return held;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the lock from its owner, who is told and stays in the queue. */
    public void steal() {
        Link link = session.await(Deadline.in(session.callTimeout()));
        call(link, "unlock");
        call(link, "steal");
    }

    /** Gives the lock up, or leaves the queue. */
    @Override
    public void close() {
        session.remove(tenant);
        session.link().ifPresent(link -> {
            try {
                call(link, "unlock");
            } catch (OvsdbException e) {
                LOG.debug("{}: unlocking failed; the server unlocks when the connection ends", name, e);
            }
        });
        hold(false);
        onClose.run();
    }

    Session.Tenant tenant() {
        return tenant;
    }

    private void call(Link link, String method) {
        link.setUp(method, json -> json.writeString(name), result -> {
            hold(result.path("locked").asBoolean(false));
            return true;
        });
    }

    private void hold(boolean now) {
        lock.lock();
        try {
            if (held != now) {
                held = now;
                changed.signalAll();
                session.dispatcher().run(() -> listener.accept(now));
            }
        } finally {
            lock.unlock();
        }
    }

    private final class Tenant implements Session.Tenant {
        @Override
        public void restore(Link link) {
            call(link, "lock");
        }

        @Override
        public void notified(String method, JsonNode params) {
            if (params.path(0).asString("").equals(name)) {
                switch (method) {
                    case "locked" -> hold(true);
                    case "stolen" -> hold(false);
                    default -> {}
                }
            }
        }

        @Override
        public void lost() {
            hold(false);
        }
    }
}
