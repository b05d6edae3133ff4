package io.portolan.agent.cni;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.AttachmentKey;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.wiring.Wiring;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees what no DEL came for.
 *
 * <p><b>GC</b>: what a runtime no longer lists. Only attachments of the caller's network that were there when the call came. One
 * whose namespace is gone is freed at once; one whose namespace is there only when two calls, some minutes apart, both miss it,
 * since a runtime makes its list before it calls.
 *
 * <p><b>Without a GC</b>, which not every runtime calls: what was seen gone at two looks some time apart, and is gone when nobody
 * else is at it. Gone is a namespace that nobody names and that has no end of the port's wire; one that a process still holds
 * has it, and keeps its address.
 *
 * <p>What a first look missed is remembered in memory alone: after a restart the patience begins anew. It is measured by a clock
 * that nobody sets.
 */
final class Collector {
    private static final Logger LOG = LoggerFactory.getLogger(Collector.class);

    private final PortCache cache;
    private final Wiring wiring;
    private final Attachments attachments;
    private final CniProperties settings;
    private final Counter collected;
    private final Map<UUID, Long> missed = new HashMap<>();
    private final Map<UUID, Long> gone = new HashMap<>();

    Collector(PortCache cache, Wiring wiring, Attachments attachments, CniProperties settings, MeterRegistry meters) {
        this.cache = cache;
        this.wiring = wiring;
        this.attachments = attachments;
        this.settings = settings;
        collected = Counter.builder("portolan.attachments.collected")
                .description("Ports of sandboxes that were gone without a DEL")
                .register(meters);
    }

    /** One look at what is gone; the first one frees nothing. */
    synchronized void look() {
        if (!settings.collect()) {
            return;
        }
        List<Attachment> there =
                cache.attachments().stream().filter(this::isGone).toList();
        gone.keySet().retainAll(there.stream().map(Attachment::row).toList());
        for (Attachment attachment : there) {
            if (isOver(gone.putIfAbsent(attachment.row(), System.nanoTime()), settings.collectGoneAfter())
                    && attachments.collect(attachment, this::isGone)) {
                gone.remove(attachment.row());
                collected.increment();
                LOG.warn("{} vanished without a DEL: its port is free again", attachment.key());
            }
        }
    }

    private boolean isGone(Attachment attachment) {
        return PodPorts.isDead(attachment) && !wiring.away().contains(attachment.port());
    }

    /** @param since by the clock that nobody sets; null if this is the first look */
    private static boolean isOver(@Nullable Long since, Duration patience) {
        return since != null && System.nanoTime() - since >= patience.toNanos();
    }

    /** @throws CniRefused when some of them could not be freed; the others are */
    synchronized void collect(CniRequest request) {
        List<Attachment> there = cache.attachments();
        Set<AttachmentKey> valid = new HashSet<>();
        request.config()
                .validAttachments()
                .forEach(one -> valid.add(new AttachmentKey(one.containerId(), one.interfaceName())));
        if (!settings.collect()) {
            return;
        }
        List<Attachment> ours = there.stream()
                .filter(attachment ->
                        request.config().name().equals(attachment.notes().get(PodPorts.NETWORK)))
                .toList();
        List<Attachment> unlisted = ours.stream()
                .filter(attachment -> !valid.contains(attachment.key()))
                .toList();
        ours.stream()
                .filter(attachment -> !unlisted.contains(attachment))
                .forEach(listed -> missed.remove(listed.row()));
        List<String> failures = new ArrayList<>();
        for (Attachment attachment : unlisted) {
            boolean twice = isOver(missed.putIfAbsent(attachment.row(), System.nanoTime()), settings.collectAfter());
            try {
                if (attachments.collect(attachment, now -> twice || PodPorts.isDead(now))) {
                    missed.remove(attachment.row());
                    LOG.info(
                            "GC freed {} of network {}",
                            attachment.key(),
                            request.config().name());
                }
            } catch (RuntimeException e) {
                LOG.warn("GC cannot free {}", attachment.key(), e);
                failures.add(attachment.key() + ": " + e.getMessage());
            }
        }
        missed.keySet().retainAll(there.stream().map(Attachment::row).toList());
        if (!failures.isEmpty()) {
            throw CniError.IO_FAILURE.because(
                    "%d attachments could not be freed".formatted(failures.size()), String.join("; ", failures));
        }
    }
}
