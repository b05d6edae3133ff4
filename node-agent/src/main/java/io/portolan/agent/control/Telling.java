package io.portolan.agent.control;

import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.NodeRecord.Registration;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.loop.Backoff;
import io.portolan.model.PortId;
import io.portolan.model.api.CacheReport;
import io.portolan.model.api.CacheReportAnswer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells for audits what the cache holds: a digest as a rule, all of it where that is not known there. Nothing else depends on
 * it, so what goes wrong here is no trouble of the node's.
 */
final class Telling {
    private static final Logger LOG = LoggerFactory.getLogger(Telling.class);
    private static final Duration UNREGISTERED = Duration.ofSeconds(1);

    private final ControlSettings settings;
    private final Ledger ledger;
    private final PortCache cache;
    private final Registrar registrar;
    private final Runnable onCompare;
    private final Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30));

    /** @param onCompare told when the cache is to be held against the ledger */
    Telling(ControlSettings settings, Ledger ledger, PortCache cache, Registrar registrar, Runnable onCompare) {
        this.settings = settings;
        this.ledger = ledger;
        this.cache = cache;
        this.registrar = registrar;
        this.onCompare = onCompare;
    }

    Duration step() {
        Optional<Registration> registration = registrar.current();
        if (registration.isEmpty()) {
            return UNREGISTERED;
        }
        List<CacheReport.Item> ports = ports();
        String digest = digest(ports);
        long epoch = registration.get().epoch();
        Answer<CacheReportAnswer> answer = tell(new CacheReport(epoch, digest, null));
        if (answer instanceof Answer.Given<CacheReportAnswer>(CacheReportAnswer given, boolean inDoubt)
                && !given.known()) {
            answer = tell(new CacheReport(epoch, digest, ports));
        }
        if (answer instanceof Answer.Given<CacheReportAnswer>(CacheReportAnswer given, boolean inDoubt)) {
            backoff.worked();
            if (given.compare()) {
                LOG.info("an audit asks for a comparison of cache and ledger");
                onCompare.run();
            }
            return settings.registerEvery();
        }
        LOG.debug("what the cache holds is not told: {}", answer);
        return backoff.failed();
    }

    private Answer<CacheReportAnswer> tell(CacheReport report) {
        return ledger.tell(settings.cluster(), settings.node(), report);
    }

    private List<CacheReport.Item> ports() {
        Map<PortId, Attachment> holders = new HashMap<>();
        cache.attachments().forEach(attachment -> holders.put(attachment.port(), attachment));
        return cache.ports().stream()
                .map(port -> item(port, holders.get(port.id())))
                .toList();
    }

    private static CacheReport.Item item(CachedPort port, @Nullable Attachment holder) {
        String state = port.state().name().toLowerCase(Locale.ROOT);
        return holder == null
                ? new CacheReport.Item(port.id(), state, null, null)
                : new CacheReport.Item(
                        port.id(), state, holder.key().sandbox(), holder.key().networkInterface());
    }

    /** {@code ports} are in the order of their addresses. */
    private static String digest(List<CacheReport.Item> ports) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            ports.forEach(port -> sha.update(port.toString().getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
