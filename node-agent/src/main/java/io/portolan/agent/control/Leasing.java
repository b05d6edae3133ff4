package io.portolan.agent.control;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.cache.Leases;
import io.portolan.agent.cache.NodeRecord.PendingClaim;
import io.portolan.agent.cache.NodeRecord.Registration;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.loop.Backoff;
import io.portolan.agent.security.ProfilesRefused;
import io.portolan.agent.security.SecurityUnavailable;
import io.portolan.model.PortId;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps as many ports as pods will want: one step is one call at most of each kind, in the order comparison, return, claim.
 * The package says why they are made one after another.
 */
final class Leasing {
    private static final Logger LOG = LoggerFactory.getLogger(Leasing.class);
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int MOST_RETURNED = 1_024;
    private static final int MOST_SHUT = 256;
    private static final String NO_FREE_PORT = "no-free-port";

    private final ControlSettings settings;
    private final Ledger ledger;
    private final PortCache cache;
    private final Registrar registrar;
    private final ComingPods coming;
    private final Wires wires;
    private final Runnable onOutdated;
    private final Runnable onPorts;
    private final MeterRegistry meters;
    private final Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10));
    private volatile Optional<String> trouble = Optional.empty();
    private volatile int strange;
    private volatile boolean compareSoon;
    private Optional<Registration> compared = Optional.empty();
    private long comparedAt;

    /** After a failure, until the next try. */
    private Duration pause = TICK;

    /**
     * @param onOutdated wakes the registration
     * @param onPorts told when ports came or went
     */
    Leasing(
            ControlSettings settings,
            Ledger ledger,
            PortCache cache,
            Registrar registrar,
            ComingPods coming,
            Wires wires,
            Runnable onOutdated,
            Runnable onPorts,
            MeterRegistry meters) {
        this.settings = settings;
        this.ledger = ledger;
        this.cache = cache;
        this.registrar = registrar;
        this.coming = coming;
        this.wires = wires;
        this.onOutdated = onOutdated;
        this.onPorts = onPorts;
        this.meters = meters;
        Gauge.builder("portolan.ports.strange", this, leasing -> leasing.strange)
                .description("Ports in use that the ledger does not count as this node's, at the last comparison")
                .register(meters);
    }

    Optional<String> trouble() {
        return trouble;
    }

    Duration step() {
        Optional<Registration> registration = registrar.current();
        if (registration.isEmpty()) {
            return TICK;
        }
        Registration as = registration.get();
        boolean worked = (!isComparisonDue(as) || compare(as)) && giveBack(as) && (as.draining() || claim(as));
        registrar.tell(need(as).demand());
        if (!worked) {
            return pause;
        }
        backoff.worked();
        trouble = Optional.empty();
        return TICK;
    }

    private Need need(Registration as) {
        List<CachedPort> idle = cache.leases().idle();
        return Need.of(
                as.settings(),
                cache.counts(),
                idle.size(),
                (int) idle.stream().filter(cache.leases()::isOffered).count(),
                coming.count());
    }

    /** At the next step, whenever the last one was. */
    void compareSoon() {
        compareSoon = true;
    }

    private boolean isComparisonDue(Registration as) {
        return compareSoon
                || compared.filter(as::equals).isEmpty()
                || System.nanoTime() - comparedAt > settings.compareEvery().toNanos();
    }

    private boolean compare(Registration as) {
        compareSoon = false;
        Leases.Look look = cache.leases().look();
        return switch (ledger.held(as.id())) {
            case Answer.Given<List<PortView>>(List<PortView> held, boolean inDoubt) -> {
                tell(cache.leases().compare(look, held));
                compared = Optional.of(as);
                comparedAt = System.nanoTime();
                yield true;
            }
            case Answer.Refused<List<PortView>> no -> refused(as, no);
            case Answer.Silence<List<PortView>>(String why, boolean inDoubt) -> failed(why);
        };
    }

    private void tell(Leases.Difference difference) {
        strange = difference.strange().size();
        if (difference.isEmpty()) {
            return;
        }
        LOG.warn(
                "cache and ledger differed: {} ports adopted, {} unused ones go back, {} told of again",
                difference.adopted().size(),
                difference.returning().size(),
                difference.reported().size());
        if (strange > 0) {
            LOG.error(
                    "{} ports are in use here that the ledger does not count as this node's; their pods keep them, nobody else gets them: {}",
                    strange,
                    difference.strange());
        }
        count("adopted", difference.adopted());
        count("returning", difference.returning());
        count("strange", difference.strange());
        count("reported", difference.reported());
        onPorts.run();
    }

    private void count(String kind, List<PortId> ports) {
        Counter.builder("portolan.ledger.differences")
                .description("Ports that cache and ledger did not agree about")
                .tag("kind", kind)
                .register(meters)
                .increment(ports.size());
    }

    private boolean giveBack(Registration as) {
        mark(as);
        List<PortId> returning = cache.leases().returning();
        while (!returning.isEmpty()) {
            List<PortId> batch = returning.subList(0, Math.min(MOST_RETURNED, returning.size()));
            if (!giveBack(as, batch)) {
                return false;
            }
            returning = returning.subList(batch.size(), returning.size());
        }
        return true;
    }

    private void mark(Registration as) {
        List<CachedPort> idle = cache.leases().idle();
        int surplus = as.draining() ? idle.size() : need(as).surplus();
        if (surplus > 0) {
            Set<PortId> plumbed = wires.plumbed().get();
            List<PortId> chosen = idle.stream()
                    .sorted(Comparator.comparing(
                                    (CachedPort port) -> !cache.leases().isOffered(port))
                            .thenComparing(CachedPort::available)
                            .thenComparing(port -> plumbed.contains(port.id()))
                            .thenComparing(CachedPort::id))
                    .limit(surplus)
                    .map(CachedPort::id)
                    .toList();
            shut(chosen);
            cache.leases().giveBack(chosen, wires.closing()::isClosed);
        }
    }

    /** What cannot be shut now stays, and can be used; it is tried again. */
    private void shut(List<PortId> ports) {
        try {
            wires.closing()
                    .close(ports.stream()
                            .filter(id -> cache.port(id)
                                    .filter(port -> !wires.closing().isClosed(port))
                                    .isPresent())
                            .limit(MOST_SHUT)
                            .toList());
        } catch (SecurityUnavailable | ProfilesRefused e) {
            LOG.info("{} ports stay, they cannot be closed: {}", ports.size(), e.getMessage());
        }
    }

    private boolean giveBack(Registration as, List<PortId> ports) {
        ports.forEach(wires.unplumb());
        Answer<ReleaseAnswer> answer = ledger.release(as.id(), new ReleaseRequest(as.epoch(), ports));
        if (answer.inDoubt()) {
            LOG.info("a return of {} ports is in doubt: registering anew", ports.size());
            registrar.renew();
            onOutdated.run();
        }
        return switch (answer) {
            case Answer.Given<ReleaseAnswer>(ReleaseAnswer given, boolean inDoubt) -> {
                Set<PortId> gone = new HashSet<>(given.released());
                cache.leases()
                        .returned(
                                gone,
                                ports.stream()
                                        .filter(port -> !gone.contains(port))
                                        .toList());
                onPorts.run();
                yield !inDoubt || failed("a return of ports was in doubt");
            }
            case Answer.Refused<ReleaseAnswer> no -> refused(as, no);
            case Answer.Silence<ReleaseAnswer>(String why, boolean inDoubt) -> failed(why);
        };
    }

    private boolean claim(Registration as) {
        while (true) {
            Optional<PendingClaim> pending = cache.node().claim();
            Need need = need(as);
            if (pending.isEmpty() && need.missing() == 0) {
                return true;
            }
            PendingClaim claim = cache.leases()
                    .claim(Math.clamp(need.missing(), 1, as.settings().leaseBatch()));
            switch (ledger.claim(as.id(), new ClaimRequest(claim.id(), as.epoch(), claim.count()))) {
                case Answer.Given<ClaimAnswer>(ClaimAnswer given, boolean inDoubt) -> {
                    cache.leases().leased(claim, given.ports());
                    onPorts.run();
                }
                case Answer.Refused<ClaimAnswer> no -> {
                    if (!no.inDoubt() && no.status() != 409) {
                        cache.leases().refused(claim);
                    }
                    return (no.problem().equals(NO_FREE_PORT) && need.enough()) ? later() : refused(as, no);
                }
                case Answer.Silence<ClaimAnswer>(String why, boolean inDoubt) -> {
                    return failed(why);
                }
            }
        }
    }

    /** The ledger has not as many as whole batches are, and no pod will miss them. */
    private boolean later() {
        trouble = Optional.empty();
        pause = backoff.failed();
        return false;
    }

    private boolean refused(Registration as, Answer.Refused<?> no) {
        if (no.problem().equals("stale-epoch") || no.problem().equals("unknown-node")) {
            registrar.outdated(as);
            onOutdated.run();
        }
        failed(no.detail());
        no.retryAfter().filter(wait -> wait.compareTo(pause) > 0).ifPresent(wait -> pause = wait);
        return false;
    }

    private boolean failed(String why) {
        if (!trouble.equals(Optional.of(why))) {
            LOG.warn("ports are not to be had: {}", why);
        }
        trouble = Optional.of(why);
        pause = backoff.failed();
        return false;
    }
}
