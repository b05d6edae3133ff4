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
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.springframework.stereotype.Component;

/**
 * How many ports may be in the making at once, over all replicas and all clusters.
 *
 * <p>A slot is one bulk call of at most {@link #portsInACall} ports; there are {@code budget / call} of them, each the lock
 * {@code budget:i} in the ledger, so that a replica that dies gives its slots back by dying. A cluster has {@code
 * budget:CLUSTER:j} besides, fewer than there are slots: a network that takes long for each call cannot hold them all.
 *
 * <p>A node takes one before it asks the network or ipam-service for anything: it waits without a question, for a thousand
 * that look in vain leave no time to those whose turn it is.
 *
 * <p>A cloud is another matter: its ports cost a fifth of a second each, and everybody's calls go to one API. It has {@code
 * cloud-calls} slots of its own, locks {@code budget:cloud:URL:i}, and none of the others. A node keeps one for {@code
 * cloud-round} and then lets others have it.
 *
 * <p>Nobody waits in a worker's time: who gets none comes back when a slot of this replica is free again, in its turn, or
 * after a while, for another replica may have had the slot. The wait is measured.
 */
@Component
public final class CreationBudget {
    private static final Duration POLITE = Duration.ofSeconds(2);

    private final LedgerLocks locks;
    private final Clouds clouds;
    private final TopologyProperties.Budget budget;
    /** In the order in which they are called back. */
    private final Map<NodeId, Waiting> waiting = Collections.synchronizedMap(new LinkedHashMap<>());

    private final AtomicInteger held = new AtomicInteger();
    private final Counter refusals;
    private final Timer waits;
    private volatile Consumer<NodeId> caller = node -> {};

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
        Gauge.builder("portolan.budget.waiting", waiting, Map::size)
                .description("Nodes of this replica that wait for a slot")
                .register(meters);
    }

    /**
     * @param scope the cluster or the cloud whose slots it waits for
     * @param since by {@link System#nanoTime()}
     */
    private record Waiting(String scope, long since) {}

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
            callNext();
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
        return waiting.isEmpty() ? Duration.ZERO : POLITE;
    }

    /** Empty where the cluster or all of us have as many calls under way as they may. */
    public Optional<Slot> trySlot(ClusterId cluster, Optional<String> cloud, NodeId node) {
        Optional<Slot> slot = cloud.isPresent() ? slot(cloud.get()) : slot(cluster);
        if (slot.isPresent()) {
            Waiting waited = waiting.remove(node);
            if (waited != null) {
                waits.record(System.nanoTime() - waited.since(), TimeUnit.NANOSECONDS);
            }
        } else {
            refusals.increment();
            waiting.putIfAbsent(node, new Waiting(cloud.orElseGet(cluster::toString), System.nanoTime()));
        }
        return slot;
    }

    /** @param wake is told whose turn it may be */
    public void calls(Consumer<NodeId> wake) {
        caller = wake;
    }

    /** The first of each scope: which of them can have the slot, they see themselves. Who was called goes to the end. */
    private void callNext() {
        Map<String, NodeId> first = new HashMap<>();
        synchronized (waiting) {
            waiting.forEach((node, since) -> first.putIfAbsent(since.scope(), node));
            first.values().forEach(node -> waiting.put(node, waiting.remove(node)));
        }
        first.values().forEach(caller);
    }

    /** How long a node waits at most for its call: apart from others, and the longer the more wait. */
    public Duration apart() {
        long least = 500 + 10L * waiting.size();
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(least, 3 * least));
    }

    /** For a node that needs none any more. */
    public void noLongerWaiting(NodeId node) {
        waiting.remove(node);
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
