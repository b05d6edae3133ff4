package io.portolan.ovsdb;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs callers' code in order on one thread of its own, and survives what it throws. */
final class Dispatcher implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private final BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
    private final String name;
    private volatile boolean closed;

    Dispatcher(String name) {
        this.name = name;
        Thread.ofVirtual().name(name).start(this::run);
    }

    void run(Runnable task) {
        queue.add(task);
    }

    /** What was given before still runs. */
    @Override
    public void close() {
        queue.add(() -> closed = true);
    }

    private void run() {
        while (!closed) {
            try {
                queue.take().run();
            } catch (InterruptedException e) {
                LOG.debug("{}: a listener left its interrupt behind", name, e);
            } catch (RuntimeException | Error e) {
                LOG.error("{}: a listener failed", name, e);
            }
        }
    }
}
