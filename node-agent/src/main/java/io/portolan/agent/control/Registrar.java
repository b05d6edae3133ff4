package io.portolan.agent.control;

import io.portolan.agent.cache.NodeRecord.Registration;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.loop.Backoff;
import io.portolan.model.SubnetState;
import io.portolan.model.WarmTarget;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeRegistration.Demand;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.SubnetView;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says that the node is there, and learns what it is to the ledger. Only while the last word was good do the other loops
 * change anything in the ledger.
 */
final class Registrar {
    private static final Logger LOG = LoggerFactory.getLogger(Registrar.class);
    private static final Set<String> ANOTHER_MACHINE =
            Set.of("node-identity-conflict", "chassis-taken", "parent-port-taken");
    private static final Set<String> TAKEN_DOWN = Set.of("node-draining", "cluster-deleting");

    private final ControlSettings settings;
    private final Ledger ledger;
    private final PortCache cache;
    private final Supplier<Optional<String>> chassis;
    private final Runnable onChange;
    private final Runnable onDemand;
    private final Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(15));

    /** One run as the ledger sees it; a fresh one fences the one before. */
    private final AtomicReference<UUID> run = new AtomicReference<>(UUID.randomUUID());

    /** What the leasing found last, and what of it the ledger was told. */
    private final AtomicReference<Demand> demand = new AtomicReference<>(new Demand(0, 0));

    private volatile Optional<Demand> told = Optional.empty();

    private volatile Optional<Registration> current = Optional.empty();
    private volatile Optional<String> trouble = Optional.of("the node has not been registered yet");

    Registrar(
            ControlSettings settings,
            Ledger ledger,
            PortCache cache,
            Supplier<Optional<String>> chassis,
            Runnable onChange,
            Runnable onDemand) {
        this.settings = settings;
        this.ledger = ledger;
        this.cache = cache;
        this.chassis = chassis;
        this.onChange = onChange;
        this.onDemand = onDemand;
    }

    /** Empty while the node must not change anything in the ledger. */
    Optional<Registration> current() {
        return current;
    }

    Optional<String> trouble() {
        return trouble;
    }

    /** The ledger knows another registration than ours: nothing more is said before the next one. */
    void outdated(Registration used) {
        if (current.equals(Optional.of(used))) {
            current = Optional.empty();
        }
    }

    /** Whatever this run has under way shall not be done any more. */
    void renew() {
        run.set(UUID.randomUUID());
        current = Optional.empty();
    }

    /** As {@link #renew()}, unless this registration is over anyway. */
    void renew(Registration used) {
        if (current.equals(Optional.of(used))) {
            renew();
        }
    }

    /** The next registration says it; at once where the ledger would want more ports for it than for what it was told. */
    void tell(Demand now) {
        demand.set(now);
        Optional<Registration> as = current;
        if (as.isPresent() && trouble.isEmpty() && told.isPresent()) {
            WarmTarget warm = new WarmTarget(
                    as.get().settings().leaseBatch(), as.get().settings().warmHeadroom());
            Demand before = told.get();
            if (warm.target(now.used(), now.pending()) > warm.target(before.used(), before.pending())) {
                onDemand.run();
            }
        }
    }

    Duration step() {
        Demand wanted = demand.get();
        UUID as = run.get();
        Optional<String> named = settings.parentPort().isPresent() ? Optional.empty() : chassis.get();
        if (named.isEmpty() && settings.parentPort().isEmpty()) {
            return failed("the node's Open vSwitch has no system-id: ovn-controller is not set up");
        }
        NodeRegistration said = new NodeRegistration(
                settings.machine().cpus(),
                settings.machine().memoryMiB(),
                settings.machine().maxPods(),
                named.orElse(null),
                settings.parentPort().orElse(null),
                settings.nodeClass().orElse(null),
                as,
                wanted);
        return switch (ledger.register(settings.cluster(), settings.node(), said)) {
            case Answer.Given<NodeView>(NodeView view, boolean inDoubt) -> {
                told = Optional.of(wanted);
                yield registered(as, view);
            }
            case Answer.Refused<NodeView> no -> refused(no);
            case Answer.Silence<NodeView>(String why, boolean inDoubt) -> failed(why);
        };
    }

    private Duration registered(UUID as, NodeView view) {
        backoff.worked();
        cache.leases()
                .offered(view.subnets().stream()
                        .filter(subnet -> subnet.is(SubnetState.OFFERED))
                        .map(SubnetView::id)
                        .collect(Collectors.toSet()));
        Registration known = cache.leases().registered(view);
        trouble = view.state().equals("failed")
                ? Optional.of("the node failed to join: " + view.stateReason())
                : Optional.empty();
        if (as.equals(run.get()) && !current.equals(Optional.of(known))) {
            LOG.info("node {} is registered: id {}, epoch {}, {}", view.name(), view.id(), view.epoch(), view.state());
            current = Optional.of(known);
            onChange.run();
        }
        return as.equals(run.get()) ? settings.registerEvery() : Duration.ZERO;
    }

    private Duration refused(Answer.Refused<NodeView> no) {
        if (TAKEN_DOWN.contains(no.problem())) {
            cache.leases().draining();
            current = cache.node().registration();
            trouble = Optional.of(no.detail());
            onChange.run();
            return settings.registerEvery();
        }
        if (ANOTHER_MACHINE.contains(no.problem())) {
            LOG.error("this node is fenced: {}", no.detail());
            cache.leases().fence(no.detail());
            current = Optional.empty();
        }
        Duration pause = failed(no.detail());
        return no.retryAfter()
                .filter(wait -> wait.compareTo(settings.registerEvery()) <= 0)
                .orElse(pause);
    }

    private Duration failed(String why) {
        if (!trouble.equals(Optional.of(why))) {
            LOG.warn("the node cannot be registered: {}", why);
        }
        trouble = Optional.of(why);
        return backoff.failed();
    }
}
