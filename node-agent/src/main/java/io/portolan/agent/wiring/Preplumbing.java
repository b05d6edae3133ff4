package io.portolan.agent.wiring;

import io.portolan.model.PortId;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps some free ports wired, so that a pod need not wait. It works one port at a time and stands back while pods come and go.
 *
 * <p>Wires come back from pods that end, so there may be up to twice as many as wanted, and more as long as one was made lately: a
 * node whose pods come and go would else plumb and unplumb all the time, and OVN's northd works for each.
 */
public final class Preplumbing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Preplumbing.class);
    private static final Duration LONGEST_STANDING_BACK = Duration.ofSeconds(2);
    private static final Duration SURPLUS_STAYS = Duration.ofMinutes(10);
    private static final Duration GLANCE = Duration.ofMillis(5);

    private final Wiring wiring;
    private final Supplier<List<Plug>> free;
    private final BooleanSupplier busy;
    private final Consumer<PortId> unusable;
    private final int wanted;
    private final Duration surplusStays;
    private final Thread thread;
    private final Object wake = new Object();
    private boolean woken = true;
    private long lastPlumbed = System.nanoTime();
    private volatile boolean closed;

    /**
     * @param free the ports that a pod could have now, in the order in which pods would get them
     * @param busy whether pods come or go at this moment
     * @param unusable told of a port that is free and yet cannot be wired: something uses it, or its VLAN tag
     * @param wanted how many free ports to keep wired
     * @param interval how often to look without being woken
     */
    public Preplumbing(
            Wiring wiring,
            Supplier<List<Plug>> free,
            BooleanSupplier busy,
            Consumer<PortId> unusable,
            int wanted,
            Duration interval) {
        this(wiring, free, busy, unusable, wanted, interval, SURPLUS_STAYS);
    }

    /** @param surplusStays how long a surplus stays after the last wire that had to be made */
    Preplumbing(
            Wiring wiring,
            Supplier<List<Plug>> free,
            BooleanSupplier busy,
            Consumer<PortId> unusable,
            int wanted,
            Duration interval,
            Duration surplusStays) {
        this.wiring = wiring;
        this.free = free;
        this.busy = busy;
        this.unusable = unusable;
        this.wanted = wanted;
        this.surplusStays = surplusStays;
        thread = Thread.ofVirtual().name("preplumbing").start(() -> run(interval));
    }

    /** A port was used, or came. */
    public void wake() {
        synchronized (wake) {
            woken = true;
            wake.notifyAll();
        }
    }

    private void run(Duration interval) {
        try {
            while (!closed) {
                awaitTurn(interval);
                standBack();
                try {
                    replenish();
                    takeDownSurplus();
                } catch (RuntimeException e) {
                    LOG.warn("ports cannot be plumbed ahead now: {}", e.toString());
                    Thread.sleep(interval);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitTurn(Duration interval) throws InterruptedException {
        synchronized (wake) {
            long end = System.nanoTime() + interval.toNanos();
            while (!woken && !closed) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return;
                }
                wake.wait(left);
            }
            woken = false;
        }
    }

    private void replenish() throws InterruptedException {
        Set<PortId> resting = new HashSet<>(wiring.resting());
        List<Plug> ports = free.get();
        long missing = wanted
                - ports.stream().filter(plug -> resting.contains(plug.port())).count();
        for (Plug plug : ports) {
            if (missing <= 0 || closed) {
                return;
            }
            if (!resting.contains(plug.port()) && plumb(plug)) {
                missing--;
            }
        }
    }

    private boolean plumb(Plug plug) throws InterruptedException {
        standBack();
        try {
            wiring.plumbAhead(plug);
            lastPlumbed = System.nanoTime();
            return true;
        } catch (WiringRefused e) {
            if (!e.concernsThePort()) {
                throw e;
            }
            unusable.accept(plug.port());
            return false;
        }
    }

    private void takeDownSurplus() throws InterruptedException {
        if (System.nanoTime() - lastPlumbed < surplusStays.toNanos()) {
            return;
        }
        Set<PortId> resting = wiring.resting();
        List<PortId> wired =
                free.get().stream().map(Plug::port).filter(resting::contains).toList();
        for (int i = wired.size() - 1; i >= 2 * wanted && !closed; i--) {
            PortId port = wired.get(i);
            standBack();
            wiring.unplumbIf(
                    port, () -> free.get().stream().anyMatch(plug -> plug.port().equals(port)));
        }
    }

    private void standBack() throws InterruptedException {
        long end = System.nanoTime() + LONGEST_STANDING_BACK.toNanos();
        while (busy.getAsBoolean() && System.nanoTime() < end && !closed) {
            Thread.sleep(GLANCE);
        }
    }

    @Override
    public void close() {
        closed = true;
        wake();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
