package io.portolan.agent.cni;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.netlink.KernelThreads;
import io.portolan.agent.netlink.NamespaceRefused;
import io.portolan.agent.netlink.NetlinkException;
import io.portolan.agent.security.ProfilesRefused;
import io.portolan.agent.security.SecurityUnavailable;
import io.portolan.agent.trace.Trace;
import io.portolan.agent.wiring.WiringRefused;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;

/** One call from the frame to the answer: checked, done, and every failure turned into an error of the protocol. */
final class CniCalls implements CniServer.Calls {
    /** From a warm start to a runtime's patience. */
    private static final Duration[] BUCKETS = Stream.of(
                    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 20_000, 60_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    /** An ADD that takes longer is worth a line. */
    private static final Duration SLOW = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(CniCalls.class);

    private final Attachments attachments;
    private final Collector collector;
    private final DelQueue queue;
    private final Readiness readiness;
    private final CniProperties settings;
    private final MeterRegistry meters;
    private final Runnable portsChanged;

    /** ADDs may wait for ports; what frees ports must not wait for them. */
    private final Semaphore adding;

    private final Semaphore others;
    private final AtomicInteger moving = new AtomicInteger();

    CniCalls(
            Attachments attachments,
            Collector collector,
            DelQueue queue,
            Readiness readiness,
            CniProperties settings,
            MeterRegistry meters,
            Runnable portsChanged) {
        this.attachments = attachments;
        this.collector = collector;
        this.queue = queue;
        this.readiness = readiness;
        this.settings = settings;
        this.meters = meters;
        this.portsChanged = portsChanged;
        adding = new Semaphore(settings.concurrency(), true);
        others = new Semaphore(settings.concurrency(), true);
    }

    /** Whether pods come or go just now. */
    boolean busy() {
        return moving.get() > 0;
    }

    @Override
    public CniServer.Answer answer(Frame frame) {
        long start = System.nanoTime();
        Trace.begin();
        String command =
                CniCommand.of(frame.variable("CNI_COMMAND")).map(Enum::name).orElse("none");
        String path = "none";
        String outcome = "ok";
        try {
            Done done = dispatch(frame);
            path = done.path();
            if (!done.port().isEmpty()) {
                added(frame, done, Duration.ofNanos(System.nanoTime() - start));
            }
            return new CniServer.Answer(0, done.output());
        } catch (RuntimeException e) {
            CniRefused refused = refusal(e);
            outcome = refused.error().name().toLowerCase(Locale.ROOT);
            LOG.info("{} {} refused: {}", command, frame.variable("CNI_CONTAINERID"), refused.getMessage());
            return new CniServer.Answer(1, CniAnswers.error(version(frame), refused));
        } finally {
            Timer.builder("portolan.cni")
                    .description("Calls of the CNI plugin, from their arrival to their answer")
                    .serviceLevelObjectives(BUCKETS)
                    .tags("command", command, "path", path, "outcome", outcome)
                    .register(meters)
                    .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
            MDC.clear();
        }
    }

    private static void added(Frame frame, Done done, Duration took) {
        MDC.put("port", done.port());
        LOG.atLevel(took.compareTo(SLOW) < 0 ? Level.DEBUG : Level.INFO)
                .log(
                        "ADD {} took {} ms, {}: port {}",
                        frame.variable("CNI_CONTAINERID"),
                        took.toMillis(),
                        done.path(),
                        done.port());
    }

    /** @param path warm when the port was wired and installed before the call */
    private record Done(String output, String path, String port) {
        private Done(String output, String path) {
            this(output, path, "");
        }
    }

    private Done dispatch(Frame frame) {
        if (CniRequest.command(frame) == CniCommand.VERSION) {
            return new Done(CniAnswers.versions(version(frame)), "none");
        }
        CniRequest request = CniRequest.parse(frame, settings.type());
        if (request.command() == CniCommand.STATUS) {
            readiness.require();
            attachments.status();
            return new Done("", "none");
        }
        about(request);
        Semaphore places = request.command() == CniCommand.ADD ? adding : others;
        places.acquireUninterruptibly();
        moving.incrementAndGet();
        try {
            return KernelThreads.stay(() -> work(request, frame));
        } finally {
            moving.decrementAndGet();
            places.release();
            portsChanged.run();
        }
    }

    /** Whom the call's log lines are about. */
    private static void about(CniRequest request) {
        MDC.put("sandbox", request.containerId());
        request.arguments().pod().ifPresent(pod -> {
            MDC.put("pod", pod.namespace() + "/" + pod.name());
            if (pod.uid() != null) {
                MDC.put("podUid", pod.uid());
            }
        });
    }

    private Done work(CniRequest request, Frame frame) {
        if (request.command() == CniCommand.DEL) {
            return new Done("", del(request, frame));
        }
        readiness.await(settings.addTimeout());
        return switch (request.command()) {
            case ADD -> add(request);
            case CHECK -> {
                attachments.check(request);
                yield new Done("", "none");
            }
            case GC -> {
                collector.collect(request);
                yield new Done("", "none");
            }
            case DEL, STATUS, VERSION -> throw new IllegalStateException("answered before: " + request.command());
        };
    }

    private Done add(CniRequest request) {
        workOffQueued(request);
        Attachments.Added added = attachments.add(request);
        return new Done(
                CniAnswers.added(
                        request.config().version(),
                        added.attachment(),
                        added.plug(),
                        request.namespace().orElseThrow(),
                        request.interfaceName(),
                        request.config().dns()),
                added.warm() ? "warm" : "cold",
                added.plug().port().toString());
    }

    /** An earlier DEL of the same pair that came too late for its caller must not free what this ADD gets. */
    private void workOffQueued(CniRequest request) {
        try {
            Optional<DelQueue.Entry> queued = queue.entry(request.containerId(), request.interfaceName());
            if (queued.isPresent()) {
                workOff(queued.get());
            }
        } catch (IOException e) {
            throw CniError.TRY_AGAIN_LATER.because("an earlier DEL of this container waits: " + e.getMessage());
        }
    }

    private String del(CniRequest request, Frame frame) {
        try {
            readiness.require();
            return attachments.del(request) ? "warm" : "none";
        } catch (CacheUnavailable | WiringRefused | CniRefused e) {
            try {
                queue.add(request.containerId(), request.interfaceName(), frame);
                LOG.info("DEL {} waits in the queue: {}", request.containerId(), e.getMessage());
                return "queued";
            } catch (IOException io) {
                e.addSuppressed(io);
                throw e;
            }
        }
    }

    /** Does one queued DEL; its file goes when that is durable. */
    void workOff(DelQueue.Entry entry) throws IOException {
        if (entry.frame().isEmpty()) {
            queue.setAside(entry);
            return;
        }
        CniRequest request;
        try {
            request = CniRequest.parse(entry.frame().get(), settings.type());
        } catch (CniRefused e) {
            LOG.warn("{} is set aside: {}", entry.file(), e.getMessage());
            queue.setAside(entry);
            return;
        }
        if (request.command() != CniCommand.DEL) {
            queue.setAside(entry);
            return;
        }
        attachments.del(request);
        queue.done(entry);
    }

    private static CniRefused refusal(RuntimeException e) {
        return switch (e) {
            case CniRefused refused -> refused;
            case NamespaceRefused refused -> CniError.INVALID_ENVIRONMENT.because("CNI_NETNS: " + refused.getMessage());
            case WiringRefused refused -> wiring(refused);
            case ProfilesRefused refused -> CniError.PROFILES_REFUSED.because(String.valueOf(refused.getMessage()));
            case SecurityUnavailable unavailable ->
                CniError.TRY_AGAIN_LATER.because(
                        "the port cannot be put in the pod's security profiles: " + unavailable.getMessage());
            case CacheUnavailable unavailable ->
                CniError.TRY_AGAIN_LATER.because("the node's port cache cannot be used: " + unavailable.getMessage());
            case NetlinkException netlink -> CniError.IO_FAILURE.because(String.valueOf(netlink.getMessage()));
            default -> {
                LOG.error("a call failed in a way that was not foreseen", e);
                yield CniError.INTERNAL.because("the node agent failed: " + e);
            }
        };
    }

    private static CniRefused wiring(WiringRefused refused) {
        CniError error = switch (refused.reason()) {
            case NO_BRIDGE, NO_SWITCH, NOT_READY -> CniError.TRY_AGAIN_LATER;
            case OCCUPIED, UNTAGGED, TAG_TAKEN -> CniError.NOT_WIRED;
            case NAME_TAKEN -> CniError.INTERFACE_TAKEN;
            case HOST_NAMESPACE -> CniError.INVALID_ENVIRONMENT;
        };
        return error.because(String.valueOf(refused.getMessage()));
    }

    /** The caller's own if it can be read, so that it can read the answer. */
    private static String version(Frame frame) {
        try {
            JsonNode version = NetworkConfig.json(frame.input()).path("cniVersion");
            String text = version.asString("");
            return text.matches("[0-9A-Za-z.+-]{1,31}") ? text : CniVersion.V1_0_0.text();
        } catch (CniRefused e) {
            return CniVersion.V1_0_0.text();
        }
    }
}
