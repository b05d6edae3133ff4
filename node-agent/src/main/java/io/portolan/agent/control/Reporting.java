package io.portolan.agent.control;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.NodeRecord.Registration;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.loop.Backoff;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Delivers what happened, in order, for ever. What the ledger refuses to believe is logged and in nobody's way. */
final class Reporting {
    private static final Logger LOG = LoggerFactory.getLogger(Reporting.class);
    private static final Duration TICK = Duration.ofMillis(500);
    private static final int MOST = 256;

    private final Ledger ledger;
    private final PortCache cache;
    private final Registrar registrar;
    private final Runnable onOutdated;
    private final Counter refused;
    private final Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(15));

    /** A batch that cannot even be read holds one report that cannot: then they go one by one. */
    private int batch = MOST;

    private volatile Optional<String> trouble = Optional.empty();

    Reporting(Ledger ledger, PortCache cache, Registrar registrar, Runnable onOutdated, MeterRegistry meters) {
        this.ledger = ledger;
        this.cache = cache;
        this.registrar = registrar;
        this.onOutdated = onOutdated;
        refused = Counter.builder("portolan.reports.refused")
                .description("Reports that the ledger did not believe; they are dropped")
                .register(meters);
    }

    Optional<String> trouble() {
        return trouble;
    }

    Duration step() {
        Optional<Registration> registration = registrar.current();
        List<PortReport> pending =
                registration.isEmpty() ? List.of() : cache.outbox().pending(batch);
        if (pending.isEmpty()) {
            return TICK;
        }
        Registration as = registration.get();
        return switch (ledger.report(as.id(), new ReportRequest(as.epoch(), pending))) {
            case Answer.Given<ReportAnswer>(ReportAnswer answer, boolean inDoubt) -> settled(pending, answer);
            case Answer.Refused<ReportAnswer> no -> refused(as, pending, no);
            case Answer.Silence<ReportAnswer>(String why, boolean inDoubt) -> failed(why);
        };
    }

    private Duration settled(List<PortReport> sent, ReportAnswer answer) {
        for (ReportAnswer.Outcome outcome : answer.outcomes()) {
            if (!outcome.applied()) {
                sent.stream()
                        .filter(report -> report.id().equals(outcome.id()))
                        .forEach(report -> drop(report, String.valueOf(outcome.refused())));
            }
        }
        List<UUID> settled =
                answer.outcomes().stream().map(ReportAnswer.Outcome::id).toList();
        if (settled.isEmpty()) {
            return failed("ipam-service settled none of " + sent.size() + " reports");
        }
        cache.outbox().delivered(settled);
        batch = MOST;
        backoff.worked();
        trouble = Optional.empty();
        return Duration.ZERO;
    }

    private Duration refused(Registration as, List<PortReport> sent, Answer.Refused<ReportAnswer> no) {
        boolean malformed = no.status() == 400 || no.status() == 413 || no.status() == 422;
        if (malformed && sent.size() > 1) {
            batch = 1;
            return Duration.ZERO;
        }
        if (malformed) {
            drop(sent.getFirst(), no.detail());
            cache.outbox().delivered(List.of(sent.getFirst().id()));
            return Duration.ZERO;
        }
        if (no.problem().equals("stale-epoch") || no.problem().equals("unknown-node")) {
            registrar.outdated(as);
            onOutdated.run();
        }
        return failed(no.detail());
    }

    private void drop(PortReport report, String why) {
        refused.increment();
        LOG.error("the ledger refuses report {}: {}", report, why);
    }

    private Duration failed(String why) {
        if (!trouble.equals(Optional.of(why))) {
            LOG.warn("{} reports wait: {}", cache.counts().reports(), why);
        }
        trouble = Optional.of(why);
        return backoff.failed();
    }
}
