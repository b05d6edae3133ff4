package io.portolan.agent.security;

import io.portolan.agent.cache.CacheUnavailable;
import io.portolan.agent.cache.KnownSecurity;
import io.portolan.agent.cache.NodeRecord.Registration;
import io.portolan.agent.cache.PortCache;
import io.portolan.model.NodeId;
import io.portolan.model.api.NodeSecurity;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** What security-service says to this node, as it was heard last: kept in the node's database, and parsed once. */
final class Catalogue {
    private static final Logger LOG = LoggerFactory.getLogger(Catalogue.class);
    private static final JsonMapper JSON = JsonMapper.shared();

    /** However many pods want to know whether there is something new. */
    private static final Duration AT_MOST_EVERY = Duration.ofSeconds(1);

    private record Parsed(KnownSecurity from, NodeSecurity security) {}

    private final SecurityCalls calls;
    private final PortCache cache;
    private final Runnable onChange;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile @Nullable Parsed parsed;
    private volatile Optional<String> trouble = Optional.of("security-service has not been asked yet");
    private long lastRead = System.nanoTime() - AT_MOST_EVERY.toNanos();

    Catalogue(SecurityCalls calls, PortCache cache, Runnable onChange) {
        this.calls = calls;
        this.cache = cache;
        this.onChange = onChange;
    }

    /** Empty until security-service has said anything to the node that this is now. */
    Optional<NodeSecurity> now() {
        return known().map(this::parse);
    }

    Optional<String> trouble() {
        return trouble;
    }

    private Optional<KnownSecurity> known() {
        if (!cache.isKnown()) {
            return Optional.empty();
        }
        Optional<NodeId> self = cache.node().registration().map(Registration::id);
        return cache.profiles()
                .security()
                .filter(known -> self.filter(known.node()::equals).isPresent());
    }

    private NodeSecurity parse(KnownSecurity known) {
        Parsed last = parsed;
        if (last != null && last.from().equals(known)) {
            return last.security();
        }
        NodeSecurity security = JSON.readValue(known.catalogue(), NodeSecurity.class);
        parsed = new Parsed(known, security);
        return security;
    }

    /** Asks for what is new, unless somebody just did. */
    void refresh() {
        reading.lock();
        try {
            if (System.nanoTime() - lastRead >= AT_MOST_EVERY.toNanos()) {
                read();
            }
        } finally {
            reading.unlock();
        }
    }

    private void read() {
        if (!cache.isKnown()) {
            trouble = Optional.of("the node's port cache is not read yet");
            return;
        }
        Optional<NodeId> self = cache.node().registration().map(Registration::id);
        if (self.isEmpty()) {
            trouble = Optional.of("the node has not been registered yet");
            return;
        }
        Optional<KnownSecurity> before = known();
        SecurityCalls.Read answer =
                calls.read(self.get(), before.map(KnownSecurity::tag).orElse(null));
        lastRead = System.nanoTime();
        switch (answer) {
            case SecurityCalls.Read.Unchanged() -> trouble = Optional.empty();
            case SecurityCalls.Read.Changed(String tag, String body) ->
                keep(before, new KnownSecurity(self.get(), tag, body));
            case SecurityCalls.Read.Failed(String why) -> failed(why);
        }
    }

    private void keep(Optional<KnownSecurity> before, KnownSecurity next) {
        try {
            NodeSecurity now = JSON.readValue(next.catalogue(), NodeSecurity.class);
            boolean anew = before.map(this::parse)
                    .filter(known -> known.enforced() == now.enforced())
                    .isEmpty();
            cache.profiles().keep(next, anew);
            trouble = Optional.empty();
            LOG.info(
                    "security profiles are {}: {} of them, {} pools",
                    now.enforced() ? "enforced" : "not enforced",
                    now.profiles().size(),
                    now.pools().size());
            onChange.run();
        } catch (JacksonException e) {
            failed("security-service says what this agent cannot read: " + e.getOriginalMessage());
        } catch (CacheUnavailable e) {
            failed(String.valueOf(e.getMessage()));
        }
    }

    private void failed(String why) {
        if (!trouble.equals(Optional.of(why))) {
            LOG.warn("security profiles are not to be had, what was known of them goes on: {}", why);
        }
        trouble = Optional.of(why);
    }
}
