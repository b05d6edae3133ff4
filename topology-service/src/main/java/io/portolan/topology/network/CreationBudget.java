package io.portolan.topology.network;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.portolan.ledger.LedgerLocks;
import io.portolan.ledger.LedgerLocks.Held;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.topology.settings.TopologyProperties;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.stereotype.Component;

/**
 * How many ports may be in the making at once, over all replicas and all clusters.
 *
 * <p>A slot is one bulk call of at most {@link #portsInACall} ports; there are {@code budget / call} of them, each the lock
 * {@code budget:i} in the ledger, so that a replica that dies gives its slots back by dying. A cluster has {@code
 * budget:CLUSTER:j} besides, fewer than there are slots: a network that takes long for each call cannot hold them all.
 *
 * <p>A cloud is another matter: its ports cost a fifth of a second each, and everybody's calls go to one API. It has {@code
 * cloud-calls} slots of its own, locks {@code budget:cloud:URL:i}, and none of the others. A node takes one before it asks
 * the cloud for anything, keeps it for {@code cloud-round} and then lets others have it; it waits without a question.
 *
 * <p>Nobody waits in a queue here: who gets none looks again later, and the wait is measured.
 */
@Component
public final class CreationBudget {
    private static final Duration POLITE = Duration.ofSeconds(2);

    private final LedgerLocks locks;
    private final Clouds clouds;
    private final TopologyProperties.Budget budget;
    private final Map<NodeId, Long> waitingSince = new ConcurrentHashMap<>();
    private final AtomicInteger held = new AtomicInteger();
    private final Counter refusals;
    private final Timer waits;

    CreationBudget(LedgerLocks locks, Clouds clouds, TopologyProperties properties, MeterRegistry meters) {
        this.locks = locks;
        this.clouds = clouds;
        this.budget = properties.budget();
        this.refusals = Counter.builder("portolan.budget.refusals")
                .description("Times that no slot for making ports was free")
                .register(meters);
        this.waits = Timer.builder("portolan.budget.wait")
                .description("From a node's first refusal to its slot")
                .register(meters);
        Gauge.builder("portolan.budget.slots.held", held, AtomicInteger::get)
                .description("Slots that this replica holds")
                .register(meters);
        Gauge.builder("portolan.budget.waiting", waitingSince, Map::size)
                .description("Nodes of this replica that wait for a slot")
                .register(meters);
    }

    /** The right to one call; given back by closing. */
    public final class Slot implements AutoCloseable {
        private final List<Held> locks;

        private Slot(Held... locks) {
            this.locks = List.of(locks);
            held.incrementAndGet();
        }

        @Override
        public void close() {
            held.decrementAndGet();
            locks.reversed().forEach(Held::close);
        }
    }

    /** @param bulk what the network wants at most */
    public int portsInACall(Optional<String> cloud, int bulk) {
        int most = Math.min(budget.call(), bulk);
        return cloud.map(c -> clouds.pace(c).of(most)).orElse(most);
    }

    /** A cloud took a bulk of ports, and may be asked for more. */
    public void took(Optional<String> cloud) {
        cloud.ifPresent(c -> clouds.pace(c).eased());
    }

    /** How long a node of a cloud goes on before others have their turn. */
    public Duration round() {
        return budget.cloudRound();
    }

    /** How long it then waits: not at all where nobody else does. */
    public Duration politely() {
        return waitingSince.isEmpty() ? Duration.ZERO : POLITE;
    }

    /** Empty where the cluster or all of us have as many calls under way as they may. */
    public Optional<Slot> trySlot(ClusterId cluster, Optional<String> cloud, NodeId node) {
        Optional<Slot> slot = cloud.isPresent() ? slot(cloud.get()) : slot(cluster);
        if (slot.isPresent()) {
            Long since = waitingSince.remove(node);
            if (since != null) {
                waits.record(System.nanoTime() - since, TimeUnit.NANOSECONDS);
            }
        } else {
            refusals.increment();
            waitingSince.putIfAbsent(node, System.nanoTime());
        }
        return slot;
    }

    /** For a node that needs none any more. */
    public void noLongerWaiting(NodeId node) {
        waitingSince.remove(node);
    }

    private Optional<Slot> slot(String cloud) {
        return any("budget:cloud:" + cloud + ":", clouds.pace(cloud).of(budget.cloudCalls()))
                .map(Slot::new);
    }

    private Optional<Slot> slot(ClusterId cluster) {
        Optional<Held> ofCluster = any("budget:" + cluster + ":", budget.slotsOfACluster());
        if (ofCluster.isEmpty()) {
            return Optional.empty();
        }
        Optional<Held> ofAll = any("budget:", budget.slots());
        if (ofAll.isEmpty()) {
            ofCluster.get().close();
        }
        return ofAll.map(all -> new Slot(ofCluster.get(), all));
    }

    private Optional<Held> any(String prefix, int count) {
        int first = ThreadLocalRandom.current().nextInt(count);
        for (int i = 0; i < count; i++) {
            Optional<Held> lock = lock(prefix + (first + i) % count);
            if (lock.isPresent()) {
                return lock;
            }
        }
        return Optional.empty();
    }

    private Optional<Held> lock(String name) {
        try {
            return locks.tryLock(name);
        } catch (SQLException e) {
            throw new IllegalStateException("the ledger gives no lock: " + e.getMessage(), e);
        }
    }
}
