package io.portolan.agent.cni;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.loop.Loop;
import io.portolan.agent.security.ProfilesRefused;
import io.portolan.agent.security.SecurityUnavailable;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Running pods whose annotation, label, namespace or cluster names other profiles than before get them. */
final class Rebinding implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Rebinding.class);

    private final PortCache cache;
    private final Attachments attachments;
    private final Duration interval;
    private final Loop loop;

    Rebinding(PortCache cache, Attachments attachments, Duration interval, MeterRegistry meters) {
        this.cache = cache;
        this.attachments = attachments;
        this.interval = interval;
        loop = new Loop("rebinding", this::step, meters);
        loop.start();
    }

    void wake() {
        loop.wake();
    }

    Optional<String> stuck() {
        return loop.stuck();
    }

    private Duration step() {
        for (Attachment attachment : cache.attachments()) {
            try {
                attachments.rebind(attachment);
            } catch (ProfilesRefused | SecurityUnavailable | CacheUnavailable e) {
                LOG.warn("the profiles of {} are looked at again: {}", attachment.key(), e.getMessage());
            }
        }
        return interval;
    }

    @Override
    public void close() {
        loop.close();
    }
}
