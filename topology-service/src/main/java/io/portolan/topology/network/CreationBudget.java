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
 * Nobody waits in a queue here: who gets none looks again later, and the wait is measured.
 */
@Component
public final class CreationBudget {
    private final LedgerLocks locks;
    private final TopologyProperties.Budget budget;
    private final Map<NodeId, Long> waitingSince = new ConcurrentHashMap<>();
    private final AtomicInteger held = new AtomicInteger();
    private final Counter refusals;
    private final Timer waits;

    CreationBudget(LedgerLocks locks, TopologyProperties properties, MeterRegistry meters) {
        this.locks = locks;
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
        private final Held ofCluster;
        private final Held ofAll;

        private Slot(Held ofCluster, Held ofAll) {
            this.ofCluster = ofCluster;
            this.ofAll = ofAll;
            held.incrementAndGet();
        }

        @Override
        public void close() {
            held.decrementAndGet();
            ofAll.close();
            ofCluster.close();
        }
    }

    public int portsInACall() {
        return budget.call();
    }

    /** Empty where the cluster or all of us have as many calls under way as they may. */
    public Optional<Slot> trySlot(ClusterId cluster, NodeId node) {
        Optional<Slot> slot = slot(cluster);
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
