package io.portolan.topology.audit;

import static java.util.stream.Collectors.toMap;

import io.portolan.model.NodeId;
import io.portolan.model.api.CacheReport;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnBindings.Binding;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.audit.AuditRepository.NodeRow;
import io.portolan.topology.audit.AuditRepository.PortRow;
import io.portolan.topology.audit.Part.Of;
import io.portolan.topology.cluster.Cluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** One audit of one cluster. The network is read before the ledger, so that a newborn is nowhere taken for an orphan. */
final class AuditRun {
    private static final UUID NONE = new UUID(0, 0);

    private final UUID id = UUID.randomUUID();
    private final UUID cluster;
    private final SdnBackend network;
    private final AuditRepository ledger;
    private final JsonMapper json;
    private final AuditProperties settings;
    private final Map<Of, Part> parts = new EnumMap<>(Of.class);
    private final Map<UUID, UUID> holders = new HashMap<>();
    private @Nullable Map<String, Binding> bindings;
    private @Nullable Set<NodeId> switches;
    private int ports;

    AuditRun(Cluster cluster, SdnBackend network, AuditRepository ledger, JsonMapper json, AuditProperties settings) {
        this.cluster = cluster.id().value();
        this.network = network;
        this.ledger = ledger;
        this.json = json;
        this.settings = settings;
        for (Of part : Of.values()) {
            parts.put(part, Part.read(part));
        }
    }

    /** Returns when what it saw is in the ledger. */
    void run() throws InterruptedException {
        long start = System.nanoTime();
        double grace = seconds(settings.grace());
        List<NodeRow> nodes = look(Set.of());
        int looked = ports;
        Set<UUID> again = new HashSet<>(ledger.unconfirmed(cluster, id, grace));
        if (!again.isEmpty()) {
            Thread.sleep(settings.grace());
            ledger.lookAgain(cluster, id, again, NONE);
            holders.values().removeIf(again::contains);
            look(again);
        }
        for (Of part : Of.values()) {
            if (read(part)) {
                ledger.forget(
                        cluster, id, Kind.of(part).stream().map(Kind::text).toList());
            }
        }
        ledger.ended(
                cluster,
                id,
                seconds(Duration.ofNanos(System.nanoTime() - start)),
                nodes.size(),
                (int) nodes.stream().filter(NodeRow::getTold).count(),
                looked,
                json.writeValueAsString(parts.values()));
    }

    static double seconds(Duration time) {
        return time.toMillis() / 1e3;
    }

    private boolean read(Of part) {
        return part(part).isRead();
    }

    private Part part(Of part) {
        return parts.getOrDefault(part, Part.read(part));
    }

    /** @param only these nodes; all of them where it is empty */
    private List<NodeRow> look(Set<UUID> only) {
        bindings = reading(Of.BINDINGS, () -> network.bindings().all());
        switches = reading(Of.NETWORK, () -> network.topology().ownSwitches());
        List<NodeRow> nodes = ledger.nodes(cluster, seconds(settings.cacheAge()));
        for (NodeRow node : nodes) {
            if (only.isEmpty() || only.contains(node.getId())) {
                saw(disagreements(node));
            }
        }
        saw(unknownSwitches(nodes, only));
        return nodes;
    }

    private <T> @Nullable T reading(Of part, Supplier<T> read) {
        if (!read(part)) {
            return null;
        }
        try {
            return read.get();
        } catch (SdnFailure.Refused e) {
            parts.put(
                    part,
                    e.reason() == SdnFailure.Refused.Reason.NOT_SUPPORTED
                            ? Part.absent(part, e.getMessage())
                            : Part.unreadable(part, e.getMessage()));
        } catch (SdnFailure.Unavailable e) {
            parts.put(part, Part.unreadable(part, e.getMessage()));
        }
        return null;
    }

    private List<Disagreement> disagreements(NodeRow node) {
        List<Disagreement> found = new ArrayList<>();
        Set<NodeId> there = switches;
        boolean hasSwitch = there == null || there.contains(new NodeId(node.getId()));
        Map<UUID, SdnPort> inNetwork = reading(
                Of.NETWORK,
                () -> network.ports().list(new NodeId(node.getId())).stream()
                        .collect(toMap(port -> port.id().value(), port -> port, (one, other) -> one)));
        if (!hasSwitch && node.getState().equals("ready") && read(Of.NETWORK)) {
            found.add(about(node, Kind.SWITCH_MISSING, new Says("ready", "has no switch of it", null, null)));
        }
        if (node.getSilent() && !node.getState().equals("fenced")) {
            found.add(about(node, Kind.CACHE_UNSEEN, new Says(node.getState(), null, null, "says nothing")));
        }
        Map<UUID, CacheReport.Item> cache = node.getTold() ? cache(node) : null;
        List<PortRow> rows = ledger.ports(node.getId(), seconds(settings.grace()));
        ports += rows.size();
        found.addAll(new Sides(node, inNetwork, bindings, cache, holders).compare(rows, hasSwitch));
        return found;
    }

    private Map<UUID, CacheReport.Item> cache(NodeRow node) {
        Map<UUID, CacheReport.Item> cache = new HashMap<>();
        String text = ledger.cache(node.getId()).orElse("[]");
        for (CacheReport.Item item : json.readValue(text, CacheReport.Item[].class)) {
            cache.put(item.port().value(), item);
        }
        return cache;
    }

    private static Disagreement about(NodeRow node, Kind kind, Says says) {
        return new Disagreement(kind, node.getId(), node.getId(), null, null, says);
    }

    private List<Disagreement> unknownSwitches(List<NodeRow> nodes, Set<UUID> only) {
        if (switches == null || !read(Of.NETWORK)) {
            return List.of();
        }
        Set<UUID> unknown = new HashSet<>();
        switches.forEach(node -> unknown.add(node.value()));
        nodes.forEach(node -> unknown.remove(node.getId()));
        return unknown.stream()
                .filter(node -> only.isEmpty() || only.contains(node))
                .map(node -> new Disagreement(
                        Kind.SWITCH_UNKNOWN,
                        node,
                        node,
                        null,
                        null,
                        new Says("has no such node", "has its switch", null, null)))
                .toList();
    }

    private void saw(List<Disagreement> found) {
        if (found.isEmpty()) {
            return;
        }
        Map<String, Map<String, Object>> rows = new LinkedHashMap<>();
        for (Disagreement one : found) {
            Map<String, Object> row = new HashMap<>();
            row.put("kind", one.kind().text());
            row.put("subject", one.subject());
            row.put("node", one.node());
            row.put("port", one.port());
            row.put("ip", one.ip());
            row.put("says", one.says());
            rows.put(one.kind() + " " + one.subject(), row);
        }
        ledger.saw(cluster, id, json.writeValueAsString(rows.values()));
    }
}
