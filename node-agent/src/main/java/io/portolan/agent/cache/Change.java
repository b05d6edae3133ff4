package io.portolan.agent.cache;

import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.api.PortReport;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One transaction in the making: its operations, and the view that holds once it is committed. */
final class Change {
    private final CacheView before;
    private final NodeClock.Uptime uptime;
    private final Instant now;
    private final List<Operation> operations = new ArrayList<>();
    private final Map<PortId, CachedPort> ports;
    private final Map<AttachmentKey, Attachment> attachments;
    private final List<CacheView.Queued> outbox;
    private NodeRecord node;
    private Optional<KnownSecurity> security;

    Change(CacheView before, NodeClock clock) {
        this.before = before;
        uptime = clock.uptime();
        // What is read back has no finer grain.
        now = Instant.ofEpochMilli(clock.now().toEpochMilli());
        ports = new HashMap<>(before.ports());
        attachments = new HashMap<>(before.attachments());
        outbox = new ArrayList<>(before.outbox());
        node = before.node();
        security = before.security();
    }

    Instant now() {
        return now;
    }

    NodeClock.Uptime uptime() {
        return uptime;
    }

    NodeRecord node() {
        return node;
    }

    Map<PortId, CachedPort> ports() {
        return Collections.unmodifiableMap(ports);
    }

    Map<AttachmentKey, Attachment> attachments() {
        return Collections.unmodifiableMap(attachments);
    }

    Optional<CachedPort> port(PortId id) {
        return Optional.ofNullable(ports.get(id));
    }

    Optional<Attachment> attachment(AttachmentKey key) {
        return Optional.ofNullable(attachments.get(key));
    }

    void node(NodeRecord next) {
        if (!next.equals(node)) {
            node = next;
            operations.add(Operation.update(CacheRows.NODE, CacheRows.node(next), Condition.row(before.row())));
        }
    }

    void security(KnownSecurity next) {
        if (!security.equals(Optional.of(next))) {
            security = Optional.of(next);
            operations.add(Operation.delete(CacheRows.SECURITY));
            operations.add(Operation.insert(CacheRows.SECURITY, CacheRows.security(next)));
        }
    }

    void add(CachedPort port) {
        ports.put(port.id(), port);
        operations.add(Operation.insert(CacheRows.PORT, CacheRows.port(port))
                .withId(port.id().value()));
    }

    CachedPort update(CachedPort port) {
        ports.put(port.id(), port);
        operations.add(Operation.update(
                CacheRows.PORT, CacheRows.mutable(port), Condition.row(port.id().value())));
        return port;
    }

    void remove(PortId id) {
        ports.remove(id);
        operations.add(Operation.delete(CacheRows.PORT, Condition.row(id.value())));
    }

    void attach(Attachment attachment) {
        attachments.put(attachment.key(), attachment);
        operations.add(Operation.insert(CacheRows.ATTACHMENT, CacheRows.attachment(attachment))
                .withId(attachment.row()));
    }

    void note(Attachment attachment) {
        attachments.put(attachment.key(), attachment);
        operations.add(Operation.update(
                CacheRows.ATTACHMENT, Row.empty().with("notes", attachment.notes()), Condition.row(attachment.row())));
    }

    /** The attachment ends and its port begins to cool. */
    void release(Attachment attachment) {
        attachments.remove(attachment.key());
        operations.add(Operation.delete(CacheRows.ATTACHMENT, Condition.row(attachment.row())));
        CachedPort port = ports.get(attachment.port());
        if (port != null) {
            update(port.released(new CachedPort.Released(now, uptime, attachment.key())));
        }
        report(PortReport.Kind.RELEASED, attachment.port(), attachment.key(), attachment.pod());
    }

    void report(PortReport.Kind kind, PortId port, AttachmentKey key, @Nullable PodRef pod) {
        report(UUID.randomUUID(), kind, port, key, pod);
    }

    void report(UUID id, PortReport.Kind kind, PortId port, AttachmentKey key, @Nullable PodRef pod) {
        PortReport report = new PortReport(id, port, kind, key.sandbox(), key.networkInterface(), pod, now);
        long seq = outbox.isEmpty() ? 1 : outbox.getLast().seq() + 1;
        CacheView.Queued queued = new CacheView.Queued(seq, report);
        outbox.add(queued);
        operations.add(
                Operation.insert(CacheRows.REPORT, CacheRows.report(queued)).withId(report.id()));
    }

    /** Whether something about the port has not been delivered. */
    boolean isUnreported(PortId port) {
        return outbox.stream().anyMatch(queued -> queued.report().port().equals(port));
    }

    void delivered(Set<UUID> reports) {
        Set<UUID> known = new HashSet<>();
        outbox.removeIf(queued -> reports.contains(queued.report().id())
                && known.add(queued.report().id()));
        known.forEach(id -> operations.add(Operation.delete(CacheRows.REPORT, Condition.row(id))));
    }

    boolean isEmpty() {
        return operations.isEmpty();
    }

    List<Operation> operations() {
        return List.copyOf(operations);
    }

    CacheView after() {
        return new CacheView(
                before.row(),
                before.serial() + 1,
                node,
                Map.copyOf(ports),
                Map.copyOf(attachments),
                List.copyOf(outbox),
                security);
    }
}
