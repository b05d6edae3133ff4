package io.portolan.security.binding;

import static java.util.stream.Collectors.toSet;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.ledger.LedgerLocks;
import io.portolan.ledger.LedgerLocks.Held;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.networks.Networks;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnSecurity;
import io.portolan.sdn.SdnSecurity.Taken;
import io.portolan.security.binding.BindingRepository.PortRow;
import io.portolan.security.binding.Groups.Group;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.settings.SecurityProperties;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Brings ports in the network to what the ledger wants of them; the package says how, and why one write at a time. */
@Component
public final class BindingWrites {
    private static final Logger log = LoggerFactory.getLogger(BindingWrites.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MOST = 256;
    private static final int POLL = 10;

    /**
     * @param ports each with the revision that the caller waits for; 0 where any will do
     * @param closing those that are to be closed: one without a binding is, whoever did it
     */
    private record Order(Map<PortId, Long> ports, Set<PortId> closing, CompletableFuture<Taken> done) {}

    /** What became of a port. */
    private record Result(@Nullable Long revision, @Nullable Long mark, SdnFailure.@Nullable Refused refused) {}

    /** A row of {@link BindingRepository#took}. */
    private record Written(UUID port, long revision) {}

    private final class Lane {
        private final ClusterId cluster;
        private final Deque<Order> waiting = new ArrayDeque<>();
        private boolean running;

        private Lane(ClusterId cluster) {
            this.cluster = cluster;
        }

        private synchronized void add(Order order) {
            waiting.add(order);
            if (!running) {
                running = true;
                Thread.ofVirtual().name("bind-" + cluster).start(this::run);
            }
        }

        private synchronized List<Order> next() {
            List<Order> together = new ArrayList<>();
            int ports = 0;
            while (!waiting.isEmpty()
                    && (together.isEmpty() || ports + waiting.peek().ports().size() <= MOST)) {
                Order order = waiting.remove();
                ports += order.ports().size();
                together.add(order);
            }
            running = !together.isEmpty();
            return together;
        }

        private void run() {
            for (List<Order> orders = next(); !orders.isEmpty(); orders = next()) {
                List<Order> now = orders;
                try {
                    locked(cluster, now);
                } catch (RuntimeException | Error e) {
                    now.forEach(order -> order.done().completeExceptionally(e));
                }
            }
        }
    }

    private final Clusters clusters;
    private final Groups groups;
    private final Networks networks;
    private final Closing closing;
    private final BindingRepository bindings;
    private final LedgerLocks locks;
    private final Duration patience;
    private final Map<ClusterId, Lane> lanes = new ConcurrentHashMap<>();
    private final Counter writes;
    private final Counter ports;

    BindingWrites(
            Clusters clusters,
            Groups groups,
            Networks networks,
            Closing closing,
            BindingRepository bindings,
            LedgerLocks locks,
            SecurityProperties properties,
            MeterRegistry meters) {
        this.clusters = clusters;
        this.groups = groups;
        this.networks = networks;
        this.closing = closing;
        this.bindings = bindings;
        this.locks = locks;
        this.patience = properties.bindDeadline();
        this.writes = Counter.builder("portolan.security.writes")
                .description("Writes of bindings to networks")
                .register(meters);
        this.ports = Counter.builder("portolan.security.writes.ports")
                .description("Ports in these writes; by their number, how many went together")
                .register(meters);
    }

    /**
     * @param wanted ports, each with the revision of the ledger that the caller waits for; 0 where any will do
     * @param closing those of them that the caller wants closed
     * @return what the network said, once it has taken them; or why not: an {@link SdnFailure}, {@link BindingRefused.Overtaken}
     */
    public CompletableFuture<Taken> make(ClusterId cluster, Map<PortId, Long> wanted, Set<PortId> closing) {
        Order order = new Order(Map.copyOf(wanted), Set.copyOf(closing), new CompletableFuture<>());
        lanes.computeIfAbsent(cluster, Lane::new).add(order);
        return order.done();
    }

    private void locked(ClusterId id, List<Order> orders) {
        Optional<Cluster> cluster = clusters.find(id);
        if (cluster.isEmpty()) {
            lanes.remove(id);
            throw new SdnFailure.Unavailable("cluster %s is gone".formatted(id));
        }
        exclusively(id, () -> write(cluster.get(), orders));
    }

    /** While no replica writes bindings of this cluster: what closes or opens its nodes as a whole. */
    public void exclusively(ClusterId cluster, Runnable write) {
        Held held = lock("security-write:" + cluster);
        try (held) {
            write.run();
        }
    }

    /**
     * Each for itself: what the network refuses of one is logged and holds up no other.
     *
     * @throws SdnFailure.Unavailable where the network could not be asked
     */
    public void makeEach(ClusterId cluster, Collection<PortId> each) {
        List<CompletableFuture<Taken>> all = each.stream()
                .map(port -> make(cluster, Map.of(port, 0L), Set.of()))
                .toList();
        for (CompletableFuture<Taken> one : all) {
            try {
                one.join();
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof SdnFailure.Refused)) {
                    throw e.getCause() instanceof RuntimeException cause ? cause : e;
                }
                log.warn(
                        "Cluster {}: a port is not put in its profiles: {}",
                        cluster,
                        e.getCause().getMessage());
            }
        }
    }

    private Held lock(String name) {
        long until = System.nanoTime() + patience.toNanos();
        try {
            while (true) {
                Optional<Held> held = locks.tryLock(name);
                if (held.isPresent()) {
                    return held.get();
                }
                if (System.nanoTime() - until > 0) {
                    throw new SdnFailure.Unavailable("other replicas write to this network all the time");
                }
                // One connection holds all of this replica's locks: it must not wait for any of them.
                Thread.sleep(1 + ThreadLocalRandom.current().nextInt(POLL));
            }
        } catch (SQLException e) {
            throw new SdnFailure.Unavailable("the ledger gives no lock: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SdnFailure.Unavailable("interrupted", e);
        }
    }

    private void write(Cluster cluster, List<Order> orders) {
        SdnSecurity network = networks.of(cluster.target()).security();
        Set<UUID> ids = orders.stream()
                .flatMap(order -> order.ports().keySet().stream())
                .map(PortId::value)
                .collect(toSet());
        List<PortRow> rows = bindings.ports(ids).stream()
                .filter(row -> row.getBackend() != null)
                .toList();
        closing.close(network, rows.stream().map(PortRow::getNode).collect(toSet()));
        Map<ProfileId, Group> known = groups.of(cluster.id());
        Map<PortId, Result> results = new HashMap<>();
        attempt(network, rows, known, results);
        orders.forEach(order -> complete(order, results));
    }

    /** All in one write; where the network refuses that, in two, and so on down to the port that it refuses. */
    private void attempt(
            SdnSecurity network, List<PortRow> rows, Map<ProfileId, Group> known, Map<PortId, Result> results) {
        if (rows.isEmpty()) {
            return;
        }
        try {
            Taken taken =
                    network.bind(rows.stream().map(row -> binding(row, known)).toList());
            writes.increment();
            ports.increment(rows.size());
            took(rows, taken, results);
        } catch (SdnFailure.Refused e) {
            if (rows.size() > 1) {
                attempt(network, rows.subList(0, rows.size() / 2), known, results);
                attempt(network, rows.subList(rows.size() / 2, rows.size()), known, results);
            } else if (e.reason() == SdnFailure.Refused.Reason.NOT_FOUND
                    && wanted(rows.getFirst()).isEmpty()) {
                took(rows, new Taken(null), results); // what is not there lets nothing through
            } else {
                PortRow row = rows.getFirst();
                results.put(new PortId(row.getId()), new Result(row.getRevision(), null, e));
            }
        }
    }

    private void took(List<PortRow> rows, Taken taken, Map<PortId, Result> results) {
        bindings.took(JSON.writeValueAsString(rows.stream()
                .filter(row -> row.getRevision() != null)
                .map(row -> new Written(row.getId(), Objects.requireNonNull(row.getRevision())))
                .toList()));
        rows.forEach(row -> results.put(new PortId(row.getId()), new Result(row.getRevision(), taken.mark(), null)));
    }

    private static void complete(Order order, Map<PortId, Result> results) {
        Long mark = null;
        for (Map.Entry<PortId, Long> port : order.ports().entrySet()) {
            Result result = results.get(port.getKey());
            if (result != null && result.refused() != null) {
                order.done().completeExceptionally(result.refused());
                return;
            }
            boolean closed = result != null
                    && result.revision() == null
                    && order.closing().contains(port.getKey());
            if (port.getValue() != 0
                    && !closed
                    && (result == null || !Objects.equals(result.revision(), port.getValue()))) {
                order.done().completeExceptionally(new BindingRefused.Overtaken(port.getKey()));
                return;
            }
            if (result != null && result.mark() != null) {
                mark = mark == null ? result.mark() : Long.valueOf(Math.max(mark, result.mark()));
            }
        }
        order.done().complete(new Taken(mark));
    }

    private static List<ProfileId> wanted(PortRow row) {
        return Objects.requireNonNullElse(Sets.parse(row.getWanted()), List.of());
    }

    private static SdnSecurity.Binding binding(PortRow row, Map<ProfileId, Group> known) {
        Set<String> groups = wanted(row).stream()
                .map(id -> Optional.ofNullable(known.get(id))
                        .map(Group::backendId)
                        .orElseThrow(() -> new SdnFailure.Refused(
                                SdnFailure.Refused.Reason.NOT_FOUND, "profile %s is not in the network".formatted(id))))
                .collect(toSet());
        return new SdnSecurity.Binding(
                new PortId(row.getId()), new NodeId(row.getNode()), Objects.requireNonNull(row.getBackend()), groups);
    }
}
