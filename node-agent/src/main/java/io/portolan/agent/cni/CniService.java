package io.portolan.agent.cni;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.security.PodSecurity;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Preplumbing;
import io.portolan.agent.wiring.Rebuilt;
import io.portolan.agent.wiring.Wiring;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves pods, from the moment that it is made: the socket is there at once, and callers are told what it waits for while
 * the node's state is rebuilt. Cache and wiring stay the caller's to close, after this.
 */
public final class CniService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CniService.class);
    private static final Duration TRY = Duration.ofSeconds(2);

    private final CniProperties settings;
    private final PodPorts ports;
    private final Checkpoint checkpoint;
    private final DelQueue queue;
    private final Readiness readiness = new Readiness();
    private final Attachments attachments;
    private final Collector collector;
    private final MeterRegistry meters;
    private final CniCalls calls;
    private final CniServer server;
    private final Thread work;
    private final AtomicReference<@Nullable Preplumbing> preplumbing = new AtomicReference<>();
    private final AtomicReference<@Nullable Rebinding> rebinding = new AtomicReference<>();
    private volatile boolean closed;

    private CniService(
            CniProperties settings,
            PortCache cache,
            Wiring wiring,
            PortSupply supply,
            PodSecurity security,
            MeterRegistry meters,
            Checkpoint checkpoint)
            throws IOException {
        this.settings = settings;
        this.checkpoint = checkpoint;
        this.meters = meters;
        ports = new PodPorts(cache, wiring, security, settings.mtu());
        queue = new DelQueue(settings.queue());
        attachments = new Attachments(ports, supply, settings, checkpoint);
        collector = new Collector(cache, wiring, attachments, settings, meters);
        calls = new CniCalls(attachments, collector, queue, readiness, settings, meters, this::portsChanged);
        Gauge.builder("portolan.wires.ready", this, CniService::readyWires).register(meters);
        server = CniServer.start(settings.socket(), calls);
        work = Thread.ofVirtual().name("cni-work").start(this::run);
    }

    public static CniService start(
            CniProperties settings,
            PortCache cache,
            Wiring wiring,
            PortSupply supply,
            PodSecurity security,
            MeterRegistry meters,
            Checkpoint checkpoint) {
        try {
            return new CniService(settings, cache, wiring, supply, security, meters, checkpoint);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot serve pods at " + settings.socket(), e);
        }
    }

    /** What it waits for before it serves pods; empty when it does. */
    public Optional<String> waitsFor() {
        return readiness.isReached() ? Optional.empty() : Optional.of(readiness.waitsFor());
    }

    /** The loop here that does not come to an end, in words. */
    public Optional<String> stuck() {
        return Optional.ofNullable(rebinding.get()).flatMap(Rebinding::stuck);
    }

    /** Ports came to the cache, or left it. */
    public void portsChanged() {
        wakePreplumbing();
        ports.security().portsChanged();
    }

    private int readyWires() {
        return readiness.isReached() ? ports.wiring().ready().size() : 0;
    }

    private void run() {
        try {
            rebuild();
            workOffQueue();
            checkpoint.passed("queue worked off");
            preplumbing.set(new Preplumbing(
                    ports.wiring(),
                    ports::free,
                    calls::busy,
                    unusable -> ports.judge(),
                    settings.preplumbed(),
                    settings.rescan()));
            Rebinding pods = new Rebinding(ports.cache(), attachments, settings.rescan(), meters);
            rebinding.set(pods);
            ports.security().onPods(pods::wake);
            readiness.reached();
            LOG.info("pods are served at {}", settings.socket());
            while (!closed) {
                Thread.sleep(settings.rescan());
                lookAgain();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void rebuild() throws InterruptedException {
        while (true) {
            try {
                readiness.waitsFor("the node's port cache is read");
                if (ports.cache().awaitReady(TRY)) {
                    readiness.waitsFor("the node's Open vSwitch is read");
                    ports.wiring().awaitLoaded(TRY);
                    Rebuilt rebuilt = ports.rebuild();
                    LOG.info("the node's state is rebuilt: {}", rebuilt);
                    return;
                }
                readiness.waitsFor(ports.cacheTrouble().orElse("the node's port cache is read"));
            } catch (RuntimeException e) {
                LOG.warn("the node's state cannot be rebuilt yet: {}", e.toString());
                readiness.waitsFor(String.valueOf(e.getMessage()));
            }
            Thread.sleep(100);
        }
    }

    private void lookAgain() {
        try {
            workOffQueue();
            ports.mend();
            ports.judge();
            collector.look();
        } catch (RuntimeException e) {
            LOG.warn("the queue and the ports will be looked at again: {}", e.toString());
        }
    }

    /** One that cannot be done now stays for the next time, and is in nobody's way. */
    private void workOffQueue() {
        try {
            for (DelQueue.Entry entry : queue.entries()) {
                try {
                    calls.workOff(entry);
                } catch (IOException | RuntimeException e) {
                    LOG.warn("{} stays queued: {}", entry.file(), e.toString());
                }
            }
        } catch (IOException e) {
            LOG.warn("the queue of DELs cannot be read: {}", e.toString());
        }
    }

    private void wakePreplumbing() {
        Preplumbing running = preplumbing.get();
        if (running != null) {
            running.wake();
        }
    }

    /** Takes no more calls, finishes those that run, and stops. Pods keep what they have. */
    @Override
    public void close() {
        closed = true;
        server.close();
        work.interrupt();
        try {
            work.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Preplumbing running = preplumbing.get();
        if (running != null) {
            running.close();
        }
        Rebinding pods = rebinding.get();
        if (pods != null) {
            pods.close();
        }
    }
}
