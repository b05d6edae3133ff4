package io.portolan.bench;

import static io.portolan.lb.TestingKubernetes.clusterService;
import static io.portolan.lb.TestingKubernetes.slice;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.portolan.lb.LbReplica;
import io.portolan.lb.LbWorld;
import io.portolan.lb.TestingKubernetes;
import io.portolan.model.Mode;
import io.portolan.networks.NetworkKind;
import io.portolan.networks.NetworkTarget;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Replica;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.RowChange;
import io.portolan.ovsdb.Watch;
import io.portolan.sdn.SdnBackend;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/** So many Services, all of them in the database, and a service that follows them. */
final class ManyServices implements AutoCloseable {
    private static final int ENDPOINTS = 5;
    private static final int WARMUP = 100;
    private static final int CHANGES = 400;
    private static final String CLUSTER = "bench";
    private static final Duration LONG = Duration.ofMinutes(15);
    private static final String TABLE = "Load_Balancer";
    /** The only network is OVN, which the service knows by itself. */
    private static final class NoOther implements NetworkKind {
        @Override
        public String name() {
            return "none";
        }

        @Override
        public Mode mode() {
            return Mode.OVERLAY;
        }

        @Override
        public boolean understands(String endpoints) {
            return false;
        }

        @Override
        public SdnBackend open(NetworkTarget target) {
            throw new IllegalStateException("it understands none");
        }
    }

    private final int services;
    private final Workspace workspace = Workspace.create();
    private final OvsdbClient northbound;
    private final Replica rows;
    private final LbWorld world = new LbWorld(new NoOther());
    private final TestingKubernetes kubernetes;
    private final Map<String, CompletableFuture<Long>> announced = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<Long>> written = new ConcurrentHashMap<>();
    private final AtomicLong transactions = new AtomicLong();
    private final Random random = new Random(1);
    private LbReplica service;
    private int serial;

    ManyServices(int services) {
        this.services = services;
        OvsdbServer server = OvsdbServer.in(workspace, "nb")
                .database(OvnCentral.NORTHBOUND_SCHEMA)
                .start();
        northbound = OvsdbClient.open(OvsdbOptions.of(server.unixRemote(), "OVN_Northbound"));
        rows = northbound.replicate(Watch.table(TABLE).columns("name", "vips")).awaitLoaded(Duration.ofSeconds(30));
        rows.listen(this::seen);
        kubernetes = world.cluster(CLUSTER, server.unixRemote());
        world.node(CLUSTER, "node-1");
        kubernetes.node("node-1", "192.168.0.1");
        Bench.say("making %d services of %d endpoints".formatted(services, ENDPOINTS));
        populate();
        service = start();
        world.watch(CLUSTER);
        await(() -> rows.snapshot().table(TABLE).size() >= services);
        kubernetes.client().discovery().v1().endpointSlices().inNamespace("ns").watch(new Announcements());
    }

    private LbReplica start() {
        return world.start("portolan.lb.loop.resync=60s", "portolan.lb.orphan-age=30s");
    }

    private static void await(BooleanSupplier so) {
        Awaitility.await().atMost(LONG).pollInterval(Duration.ofMillis(100)).until(so::getAsBoolean);
    }

    private void populate() {
        for (int i = 0; i < services; i++) {
            kubernetes.keep(clusterService(service(i), virtual(i)), slice(service(i), endpoints(i)));
        }
    }

    private static String service(int i) {
        return "svc-" + i;
    }

    private static String virtual(int i) {
        return "10.%d.%d.%d".formatted(96 + (i >> 16), (i >> 8) & 255, i & 255);
    }

    private static String[] endpoints(int i) {
        return IntStream.range(i * ENDPOINTS, (i + 1) * ENDPOINTS)
                .mapToObj(n -> "10.4.%d.%d".formatted((n >> 8) & 255, n & 255))
                .distinct()
                .toArray(String[]::new);
    }

    private final class Announcements implements Watcher<EndpointSlice> {
        @Override
        public void eventReceived(Action action, EndpointSlice slice) {
            long now = System.nanoTime();
            slice.getEndpoints().forEach(endpoint -> {
                CompletableFuture<Long> waiting =
                        announced.get(endpoint.getAddresses().getFirst());
                if (waiting != null) {
                    waiting.complete(now);
                }
            });
        }

        @Override
        public void onClose(WatcherException cause) {
            throw new IllegalStateException("the watch broke", cause);
        }
    }

    private void seen(List<RowChange> changes) {
        long now = System.nanoTime();
        transactions.incrementAndGet();
        for (RowChange change : changes) {
            Row after = change.after();
            if (after != null && !written.isEmpty()) {
                String members = after.stringMap("vips").toString();
                written.forEach((address, waiting) -> {
                    if (members.contains(address + ":")) {
                        waiting.complete(now);
                    }
                });
            }
        }
    }

    /** An address that has been nowhere. */
    private String next() {
        serial++;
        return "10.200.%d.%d".formatted(serial >> 8, serial & 255);
    }

    Samples changes() {
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < WARMUP + CHANGES; i++) {
            long took = change();
            if (i >= WARMUP) {
                all.add(took);
            }
        }
        return new Samples(all);
    }

    /** @return nanoseconds from the event to the row */
    private long change() {
        int i = random.nextInt(services);
        String address = next();
        String[] endpoints = endpoints(i);
        endpoints[random.nextInt(endpoints.length)] = address;
        CompletableFuture<Long> event = new CompletableFuture<>();
        CompletableFuture<Long> row = new CompletableFuture<>();
        announced.put(address, event);
        written.put(address, row);
        kubernetes
                .client()
                .discovery()
                .v1()
                .endpointSlices()
                .resource(slice(service(i), endpoints))
                .update();
        long took = row.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS).join()
                - event.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS).join();
        announced.remove(address);
        written.remove(address);
        return Math.max(0, took);
    }

    Samples bareWrites() {
        UUID id = UUID.randomUUID();
        northbound.transact(Operation.insert(TABLE, bare("10.200.255.1")).withId(id));
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < WARMUP + CHANGES; i++) {
            String address = next();
            CompletableFuture<Long> row = new CompletableFuture<>();
            written.put(address, row);
            long begin = System.nanoTime();
            northbound.transact(Operation.update(TABLE, bare(address), Condition.row(id)));
            long took = row.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS).join() - begin;
            written.remove(address);
            if (i >= WARMUP) {
                all.add(took);
            }
        }
        return new Samples(all);
    }

    private static Row bare(String address) {
        return Row.empty()
                .with("name", "bare")
                .with(
                        "vips",
                        Map.of(
                                "10.255.255.1:80",
                                address + ":8080,10.4.0.1:8080,10.4.0.2:8080,10.4.0.3:8080,10.4.0.4:8080"));
    }

    /** A change that comes while the service is away tells when it has looked at everything. */
    List<Figure> startWithEverythingRight() {
        world.stop(service);
        String address = next();
        String[] endpoints = endpoints(0);
        endpoints[0] = address;
        CompletableFuture<Long> row = new CompletableFuture<>();
        written.put(address, row);
        kubernetes
                .client()
                .discovery()
                .v1()
                .endpointSlices()
                .resource(slice(service(0), endpoints))
                .update();
        long before = transactions.get();
        long begin = System.nanoTime();
        service = start();
        double seconds = (row.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS).join() - begin) / 1e9;
        Awaitility.await()
                .pollDelay(Duration.ofSeconds(10))
                .atMost(Duration.ofSeconds(20))
                .until(() -> true);
        return List.of(
                Figure.of("start with 10,000 services right but one, until that one is", seconds, "s", 30),
                Figure.of(
                        "start with 10,000 services right but one, transactions",
                        (double) (transactions.get() - before),
                        "writes",
                        1));
    }

    @Override
    public void close() {
        world.close();
        rows.close();
        northbound.close();
        workspace.close();
    }
}
