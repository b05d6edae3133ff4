package io.portolan.agent.cni;

import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.AttachmentKey;
import io.portolan.agent.cache.PortCache;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * GC: frees what a runtime no longer lists.
 *
 * <p>Only attachments of the caller's network that were there when the call came. One whose namespace is gone is freed at
 * once; one whose namespace is there only when two calls, some minutes apart, both miss it, since a runtime makes its list
 * before it calls. What a first call missed is remembered in memory alone: after a restart the patience begins anew.
 */
final class Collector {
    private static final Logger LOG = LoggerFactory.getLogger(Collector.class);

    private final PortCache cache;
    private final Attachments attachments;
    private final boolean enabled;
    private final Duration patience;
    private final Map<UUID, Instant> missed = new HashMap<>();

    Collector(PortCache cache, Attachments attachments, CniProperties settings) {
        this.cache = cache;
        this.attachments = attachments;
        this.enabled = settings.collect();
        this.patience = settings.collectAfter();
    }

    /** @throws CniRefused when some of them could not be freed; the others are */
    synchronized void collect(CniRequest request) {
        List<Attachment> there = cache.attachments();
        Set<AttachmentKey> valid = new HashSet<>();
        request.config()
                .validAttachments()
                .forEach(one -> valid.add(new AttachmentKey(one.containerId(), one.interfaceName())));
        if (!enabled) {
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
            Instant first = missed.putIfAbsent(attachment.row(), Instant.now());
            boolean twice = first != null && !Instant.now().isBefore(first.plus(patience));
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
