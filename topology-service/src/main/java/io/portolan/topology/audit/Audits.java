package io.portolan.topology.audit;

import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.kit.problem.Invalid;
import io.portolan.ledger.LedgerLocks;
import io.portolan.ledger.LedgerLocks.Held;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.networks.Networks;
import io.portolan.topology.audit.AuditRepository.AuditRow;
import io.portolan.topology.audit.AuditRepository.FindingRow;
import io.portolan.topology.cluster.Cluster;
import io.portolan.topology.cluster.Clusters;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Audits clusters, shows what was found, and wakes those who mend it. */
@Component
final class Audits {
    static final int MOST = 1_024;
    private static final long POLL_MILLIS = 250;

    private final Clusters clusters;
    private final Networks networks;
    private final AuditRepository ledger;
    private final LedgerLocks locks;
    private final ReconcileLoop<NodeId> nodes;
    private final JsonMapper json;
    private final AuditProperties settings;

    Audits(
            Clusters clusters,
            Networks networks,
            AuditRepository ledger,
            LedgerLocks locks,
            ReconcileLoop<NodeId> nodeReconcileLoop,
            JsonMapper json,
            AuditProperties settings) {
        this.clusters = clusters;
        this.networks = networks;
        this.ledger = ledger;
        this.locks = locks;
        this.nodes = nodeReconcileLoop;
        this.json = json;
        this.settings = settings;
    }

    /** Audits now, after an audit of the same cluster that is under way. */
    AuditView audit(ClusterName name, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        Cluster cluster = clusters.named(name);
        long until = System.nanoTime() + settings.patience().toNanos();
        while (!tryRun(cluster)) {
            if (System.nanoTime() - until > 0) {
                throw new AuditRefused.UnderWay(name);
            }
            pause();
        }
        return page(cluster, "", limit);
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** @return false where this cluster is being audited */
    boolean tryRun(Cluster cluster) {
        try {
            Optional<Held> lock = locks.tryLock("audit-run:" + cluster.id());
            if (lock.isEmpty()) {
                return false;
            }
            Held held = lock.get();
            try (held) {
                new AuditRun(cluster, networks.of(cluster.target()), ledger, json, settings).run();
            }
            return true;
        } catch (SQLException e) {
            throw new DataAccessResourceFailureException("the ledger does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    boolean isRecent(Cluster cluster) {
        return ledger.isRecent(cluster.id().value(), AuditRun.seconds(settings.period()));
    }

    /** A page of what the last audit found. */
    AuditView page(ClusterName name, String cursor, int limit) {
        Invalid.unlessBetween("limit", limit, 1, MOST);
        return page(clusters.named(name), cursor, limit);
    }

    private AuditView page(Cluster cluster, String cursor, int limit) {
        UUID id = cluster.id().value();
        double grace = AuditRun.seconds(settings.grace());
        AuditRow last = ledger.last(id).orElseThrow(() -> new AuditRefused.NoneYet(cluster.name()));
        List<AuditView.Count> counts = ledger.counts(id, last.getRun(), grace).stream()
                .map(row -> {
                    Kind kind = Kind.parse(row.getKind());
                    return new AuditView.Count(kind.text(), kind.words(), kind.automatic(), row.getCount());
                })
                .sorted((one, other) -> one.kind().compareTo(other.kind()))
                .toList();
        List<FindingRow> rows = ledger.findings(id, last.getRun(), grace, cursor, limit + 1);
        List<AuditView.Finding> findings =
                rows.stream().limit(limit).map(this::finding).toList();
        List<Part> parts = Arrays.asList(json.readValue(last.getParts(), Part[].class));
        String next = rows.size() > limit
                ? rows.get(limit - 1).getKind() + " " + rows.get(limit - 1).getSubject()
                : null;
        return new AuditView(
                cluster.name(),
                last.getStarted(),
                last.getEnded(),
                last.getNodes(),
                last.getTold(),
                last.getPorts(),
                counts.isEmpty() && parts.stream().noneMatch(Part::isUnreadable),
                parts,
                counts,
                findings,
                next);
    }

    private AuditView.Finding finding(FindingRow row) {
        return new AuditView.Finding(
                row.getKind(),
                row.getPort(),
                row.getIp(),
                Objects.requireNonNullElse(row.getName(), row.getNode().toString()),
                json.readValue(row.getSays(), Says.class),
                row.getSince(),
                row.getAge(),
                Kind.parse(row.getKind()).automatic());
    }

    /** Wakes those who mend what the last audit found, and deletes nothing. */
    AuditView.Repair repair(ClusterName name, @Nullable String kind, @Nullable String node) {
        Cluster cluster = clusters.named(name);
        UUID id = cluster.id().value();
        AuditRow last = ledger.last(id).orElseThrow(() -> new AuditRefused.NoneYet(name));
        Map<String, UUID> loops = new TreeMap<>();
        Map<String, UUID> agents = new TreeMap<>();
        long byHand = 0;
        String cursor = "";
        List<FindingRow> rows;
        do {
            rows = ledger.findings(id, last.getRun(), AuditRun.seconds(settings.grace()), cursor, MOST);
            for (FindingRow row : rows) {
                Kind found = Kind.parse(row.getKind());
                String on =
                        Objects.requireNonNullElse(row.getName(), row.getNode().toString());
                if ((kind == null || kind.equals(found.text())) && (node == null || node.equals(on))) {
                    if (!found.automatic()) {
                        byHand++;
                    } else {
                        (found.isTheAgents() ? agents : loops).put(on, row.getNode());
                    }
                }
                cursor = row.getKind() + " " + row.getSubject();
            }
        } while (rows.size() == MOST);
        loops.values().forEach(woken -> nodes.wake(new NodeId(woken)));
        if (!agents.isEmpty()) {
            ledger.compare(agents.values());
        }
        return new AuditView.Repair(List.copyOf(loops.keySet()), List.copyOf(agents.keySet()), byHand);
    }
}
