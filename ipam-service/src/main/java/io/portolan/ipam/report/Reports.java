package io.portolan.ipam.report;

import static java.util.Objects.requireNonNullElse;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.ipam.edge.Given;
import io.portolan.ipam.ledger.LedgerTransactions;
import io.portolan.ipam.report.ReportedPort.User;
import io.portolan.ipam.topology.Topology;
import io.portolan.kit.log.About;
import io.portolan.kit.problem.Invalid;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import java.time.Duration;
import java.time.Instant;
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
import org.springframework.stereotype.Component;

/**
 * Writes down what happened on nodes: facts that are settled one by one, in order, all in one transaction.
 *
 * <p>Batches of one node are settled one after the other, so that a batch sent twice at once is applied once. What a
 * report changed bears its id in the history; a report that the history has is applied already, whatever happened to the
 * port since. A fact is never a reason to fail: what cannot be is declined in words and the others go on.
 */
@Component
final class Reports {
    private static final Logger log = LoggerFactory.getLogger(Reports.class);
    private static final int MOST = 256;
    private static final int LONGEST_NAME = 253;

    /** Of an interface in Linux. */
    private static final int LONGEST_INTERFACE = 15;

    /** How far a clock may run ahead without a repeated report being taken for a new one. */
    private static final Duration SKEW = Duration.ofHours(1);

    private final LedgerTransactions transactions;
    private final Topology topology;
    private final ReportRepository ledger;
    private final Counter applied;
    private final Counter declined;
    private final Counter doubleUses;

    Reports(LedgerTransactions transactions, Topology topology, ReportRepository ledger, MeterRegistry meters) {
        this.transactions = transactions;
        this.topology = topology;
        this.ledger = ledger;
        this.applied = meters.counter("portolan.ipam.reports", "outcome", "applied");
        this.declined = meters.counter("portolan.ipam.reports", "outcome", "declined");
        this.doubleUses = meters.counter("portolan.ipam.reports", "outcome", "double-use");
    }

    ReportAnswer settle(NodeId node, ReportRequest request) {
        Invalid.unlessBetween("reports", request.reports().size(), 0, MOST);
        for (int i = 0; i < request.reports().size(); i++) {
            check("reports[%d].".formatted(i), request.reports().get(i));
        }
        List<Settled> settled = transactions.run(() -> {
            ledger.lock("reports of " + node);
            topology.fenced(node, request.epoch());
            return new Batch(node, request.reports()).settle();
        });
        settled.forEach(this::count);
        return new ReportAnswer(settled.stream().map(Settled::outcome).toList());
    }

    private static void check(String at, PortReport report) {
        Given.name(at + "sandbox", report.sandbox(), LONGEST_NAME);
        Given.name(at + "networkInterface", report.networkInterface(), LONGEST_INTERFACE);
        PodRef pod = report.pod();
        if (pod != null) {
            Given.name(at + "pod.namespace", pod.namespace(), LONGEST_NAME);
            Given.name(at + "pod.name", pod.name(), LONGEST_NAME);
            Given.words(at + "pod.uid", pod.uid(), LONGEST_NAME);
        }
    }

    private record Settled(PortReport report, Settlement how) {
        private ReportAnswer.Outcome outcome() {
            return new ReportAnswer.Outcome(report.id(), how.refused() == null, how.refused());
        }
    }

    /** A report's id is the trace of the ADD that made it. */
    private void count(Settled settled) {
        PortReport report = settled.report();
        try (About _ = new About(Map.of(
                "port",
                report.port().toString(),
                "sandbox",
                report.sandbox(),
                "report",
                report.id().toString()))) {
            countTold(settled);
        }
    }

    private void countTold(Settled settled) {
        if (settled.how() instanceof Settlement.DoubleUse two) {
            doubleUses.increment();
            log.error("Declined {}: {}", settled.report(), two.refused());
        } else if (settled.how() instanceof Settlement.Declined no) {
            declined.increment();
            log.info("Declined {}: {}", settled.report(), no.refused());
        } else {
            applied.increment();
        }
    }

    /** One call's reports, with the ports they speak of locked. */
    private final class Batch {
        private final List<PortReport> reports;
        private final Map<PortId, ReportedPort> ports = new HashMap<>();
        private final Map<User, PortId> users = new HashMap<>();
        private final Set<UUID> known;

        private Batch(NodeId node, List<PortReport> reports) {
            this.reports = reports;
            UUID[] ids = reports.stream().map(r -> r.port().value()).distinct().toArray(UUID[]::new);
            String[] sandboxes =
                    reports.stream().map(PortReport::sandbox).distinct().toArray(String[]::new);
            for (ReportRepository.PortNow row : ledger.hold(node.value(), ids, sandboxes)) {
                String sandbox = row.getSandbox();
                String networkInterface = row.getNetworkInterface();
                User user = sandbox == null || networkInterface == null ? null : new User(sandbox, networkInterface);
                PortId id = new PortId(row.getId());
                ports.put(
                        id, new ReportedPort(PortState.parse(row.getState()), row.getHeld(), user, row.getRevision()));
                if (user != null) {
                    users.put(user, id);
                }
            }
            UUID[] reportIds = reports.stream().map(PortReport::id).toArray(UUID[]::new);
            Instant since = reports.stream()
                    .map(Batch::at)
                    .min(Instant::compareTo)
                    .orElse(Instant.EPOCH)
                    .minus(SKEW);
            this.known = new HashSet<>(ledger.known(ids, reportIds, since));
        }

        private static Instant at(PortReport report) {
            Instant now = Instant.now();
            if (report.at().isAfter(now)) {
                return now;
            }
            return report.at().isBefore(Instant.EPOCH) ? Instant.EPOCH : report.at();
        }

        private List<Settled> settle() {
            List<Settled> settled = new ArrayList<>();
            for (PortReport report : reports) {
                settled.add(new Settled(report, settle(report)));
            }
            return settled;
        }

        private Settlement settle(PortReport report) {
            if (known.contains(report.id())) {
                return new Settlement.Already();
            }
            ReportedPort port = ports.get(report.port());
            if (port == null) {
                return new Settlement.Declined("the node has no such port");
            }
            PortId has = users.get(User.of(report));
            Settlement settlement = port.settle(report, has != null && !has.equals(report.port()));
            if (settlement instanceof Settlement.Becomes becomes) {
                for (PortState next : becomes.states()) {
                    port = write(report, port, next);
                }
                known.add(report.id());
            }
            return settlement;
        }

        private ReportedPort write(PortReport report, ReportedPort port, PortState next) {
            boolean binds = next == PortState.BOUND;
            PodRef pod = binds ? report.pod() : null;
            ledger.change(
                    report.port().value(),
                    port.state().text(),
                    port.revision(),
                    next.text(),
                    binds ? report.sandbox() : "",
                    binds ? report.networkInterface() : "",
                    pod == null ? "" : pod.namespace(),
                    pod == null ? "" : pod.name(),
                    pod == null ? "" : text(pod.uid()),
                    at(report),
                    report.id());
            User user = port.user();
            if (user != null) {
                users.remove(user);
            }
            ReportedPort after = port.after(next, report);
            if (binds) {
                users.put(User.of(report), report.port());
            }
            ports.put(report.port(), after);
            return after;
        }

        private static String text(@Nullable String text) {
            return requireNonNullElse(text, "");
        }
    }
}
