package io.portolan.agent.cache;

import io.portolan.agent.cache.CachedPort.Released;
import io.portolan.agent.cache.CachedPort.State;
import io.portolan.model.PortId;
import io.portolan.model.api.PortReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The node's ports and who has them. What a pod's start and stop need is here and asks nobody else; the control plane's
 * side of the same cache is {@link #leases} and {@link #outbox}.
 *
 * <p>Reads answer from memory, from the last view that the database confirmed. Changes return when the database has them;
 * all of them may throw {@link CacheUnavailable}, after which asking for the same again is right.
 */
public final class PortCache implements AutoCloseable {
    private static final Comparator<CachedPort> LONGEST_RESTED = Comparator.comparing(PortCache::lastUsed)
            .thenComparing(port -> port.addresses().getFirst().address());

    private final CacheStore store;
    private final Leases leases;
    private final Outbox outbox;
    private final PortProfiles profiles;

    private PortCache(CacheStore store) {
        this.store = store;
        leases = new Leases(store);
        outbox = new Outbox(store);
        profiles = new PortProfiles(store);
    }

    /** Returns at once; the cache is there when {@link #awaitReady} says so. */
    public static PortCache open(CacheSettings settings, NodeClock clock) {
        return new PortCache(new CacheStore(settings, clock));
    }

    /** False when it was not there in time; {@link #trouble} says why. */
    public boolean awaitReady(Duration timeout) throws InterruptedException {
        return store.awaitReady(timeout);
    }

    /** Why no pod gets a port at this moment: the server is away, another agent holds the cache, or this node is fenced. */
    public Optional<String> trouble() {
        return store.trouble().or(() -> store.view().node().fenced());
    }

    /** Why this node's name is another machine's now, as far as is known. */
    public Optional<String> fenced() {
        return store.known().flatMap(view -> view.node().fenced());
    }

    /** Whether it has been read; before, reads are {@link CacheUnavailable}. */
    public boolean isKnown() {
        return store.known().isPresent();
    }

    public NodeRecord node() {
        return store.view().node();
    }

    /** In the order of their addresses. */
    public List<CachedPort> ports() {
        return store.view().ports().values().stream()
                .sorted(Comparator.comparing(port -> port.addresses().getFirst().address()))
                .toList();
    }

    public Optional<CachedPort> port(PortId id) {
        return Optional.ofNullable(store.view().ports().get(id));
    }

    public List<Attachment> attachments() {
        return store.view().attachments().values().stream()
                .sorted(Comparator.comparing(Attachment::boundAt)
                        .thenComparing(attachment -> attachment.key().toString()))
                .toList();
    }

    public Optional<Attachment> attachment(AttachmentKey key) {
        return Optional.ofNullable(store.view().attachments().get(key));
    }

    /** All sandboxes of a pod that have a port. */
    public List<Attachment> attachmentsOfPod(String uid) {
        return attachments().stream()
                .filter(attachment -> attachment.isOfPod(uid))
                .toList();
    }

    public CacheCounts counts() {
        return store.view().counts();
    }

    /**
     * Gives the pod's interface a port: the one that it has already, else an available one. Durable when it returns, with
     * the report of it; one pod's requests are answered one after another.
     *
     * @return empty when no available port suits
     * @throws CacheUnavailable also when this node is fenced
     */
    public Optional<Taken> take(PortRequest request, PortPreference preference) {
        return store.write(true, change -> {
            Attachment known = change.attachment(request.key()).orElse(null);
            if (known != null) {
                return change.port(known.port()).map(port -> new Taken(port, known, true, port.profiles()));
            }
            change.node().fenced().ifPresent(why -> {
                throw new CacheUnavailable(why, null);
            });
            supersede(change, request);
            return best(change.ports().values(), preference).map(port -> bind(change, request, port));
        });
    }

    private static void supersede(Change change, PortRequest request) {
        String uid = request.pod() == null ? null : request.pod().uid();
        request.superseded().stream()
                .flatMap(key -> change.attachment(key).stream())
                .filter(earlier -> earlier.isOfPod(uid))
                .toList()
                .forEach(change::release);
    }

    private Optional<CachedPort> best(Collection<CachedPort> ports, PortPreference preference) {
        record Ranked(int rank, CachedPort port) {}
        return ports.stream()
                .filter(CachedPort::available)
                .map(port -> new Ranked(preference.rank(port), port))
                .filter(ranked -> ranked.rank() != PortPreference.UNFIT)
                .min(Comparator.comparing((Ranked ranked) -> leases.isOffered(ranked.port()))
                        .thenComparingInt(Ranked::rank)
                        .thenComparing(Ranked::port, LONGEST_RESTED))
                .map(Ranked::port);
    }

    private static Instant lastUsed(CachedPort port) {
        Released released = port.released();
        return released == null ? Instant.MIN : released.at();
    }

    private static Taken bind(Change change, PortRequest request, CachedPort port) {
        boolean settled = request.profiles() == null || request.profiles().equals(port.profiles());
        CachedPort next = port.in(State.BOUND);
        CachedPort bound = change.update(settled ? next : next.within(null));
        Attachment attachment = new Attachment(
                UUID.randomUUID(),
                request.key(),
                port.id(),
                request.netns(),
                request.pod(),
                change.now(),
                request.notes());
        change.attach(attachment);
        change.report(request.report(), PortReport.Kind.BOUND, port.id(), request.key(), request.pod());
        return new Taken(bound, attachment, false, port.profiles());
    }

    /** Keeps these notes with the attachment, besides those that it has; false when there is no such attachment. */
    public boolean note(AttachmentKey key, Map<String, String> notes) {
        return store.write(true, change -> {
            Optional<Attachment> attachment = change.attachment(key);
            attachment.map(known -> with(known, notes)).ifPresent(change::note);
            return attachment.isPresent();
        });
    }

    private static Attachment with(Attachment known, Map<String, String> notes) {
        Map<String, String> all = new HashMap<>(known.notes());
        all.putAll(notes);
        return new Attachment(known.row(), known.key(), known.port(), known.netns(), known.pod(), known.boundAt(), all);
    }

    /**
     * The interface has been taken from the pod: its port begins to cool. Durable when it returns, with the report of it.
     *
     * @return the port, or empty when there was no such attachment any more
     */
    public Optional<PortId> release(AttachmentKey key) {
        return store.write(true, change -> {
            Optional<Attachment> attachment = change.attachment(key);
            attachment.ifPresent(change::release);
            return attachment.map(Attachment::port);
        });
    }

    /** Ports that have cooled long enough become available; returns them. */
    public List<PortId> rest() {
        return store.write(false, change -> {
            Duration cooldown = change.node()
                    .registration()
                    .map(known -> Duration.ofSeconds(known.settings().cooldownSeconds()))
                    .orElse(Leases.COOLDOWN_UNTIL_REGISTERED);
            List<PortId> rested = new ArrayList<>();
            for (CachedPort port : List.copyOf(change.ports().values())) {
                Released released = port.released();
                if (port.state() == State.COOLING
                        && released != null
                        && cooledFor(change, released).compareTo(cooldown) >= 0) {
                    change.update(port.in(State.FREE));
                    change.report(PortReport.Kind.RESTED, port.id(), released.by(), null);
                    rested.add(port.id());
                }
            }
            return rested;
        });
    }

    /** In the boot that it was released in since then, in a later one since this agent looked first. */
    private Duration cooledFor(Change change, Released released) {
        NodeClock.Uptime now = change.uptime();
        boolean comparable = released.uptime().boot().equals(now.boot())
                && released.uptime().length().compareTo(now.length()) <= 0;
        return now.since(comparable ? released.uptime() : store.opened());
    }

    /** These ports are not handed out, whatever their state, until {@link #settle}. */
    public void dispute(Collection<PortId> ports, String why) {
        store.write(true, change -> {
            for (PortId id : ports) {
                change.port(id)
                        .filter(port -> port.disputed() == null)
                        .ifPresent(port -> change.update(port.disputed(why)));
            }
            return true;
        });
    }

    /** What was in the way of these ports is over; what else may be is not. */
    public void settle(Collection<PortId> ports, String why) {
        store.write(false, change -> {
            for (PortId id : ports) {
                change.port(id)
                        .filter(port -> why.equals(port.disputed()))
                        .ifPresent(port -> change.update(port.disputed(null)));
            }
            return true;
        });
    }

    /** What is between this cache and the ledger. */
    public Leases leases() {
        return leases;
    }

    /** What has happened and was not delivered yet. */
    public Outbox outbox() {
        return outbox;
    }

    /** In which security profiles ports are. */
    public PortProfiles profiles() {
        return profiles;
    }

    /** What was in progress may or may not be done; the next one to open it finds out. */
    @Override
    public void close() {
        store.close();
    }
}
