package io.portolan.e2e.stack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Listeners;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresPair;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** ipam-service and topology-service on one ledger: several of each, where PostgreSQL can fail over, or one. */
public final class ReplicatedServices {
    private static final int HEAP_MIB = 160;
    private static final Duration START_LIMIT = Duration.ofMinutes(3);

    /** More than a service takes to let its requests end. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

    /** One process of a service. */
    public record Replica(Daemon daemon, RestCalls calls) {
        public boolean ready() {
            return daemon.alive() && calls.answers("/actuator/health/readiness");
        }

        URI base() {
            return URI.create(calls.base());
        }
    }

    private final Workspace workspace;
    private final Path checkout;
    private final Ledger ledger;
    private final int heapMiB;
    private final List<Replica> ipam;
    private final List<Replica> topology;

    private ReplicatedServices(
            Workspace workspace,
            Path checkout,
            Ledger ledger,
            int heapMiB,
            int ipams,
            int topologies,
            boolean memoryNetwork) {
        this.workspace = workspace;
        this.checkout = checkout;
        this.ledger = ledger;
        this.heapMiB = heapMiB;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            ipam = all(threads, IntStream.range(0, ipams).mapToObj(i -> () -> start("ipam-service", i, Map.of())));
            topology = all(
                    threads,
                    IntStream.range(0, topologies)
                            .mapToObj(i -> () -> start(
                                    "topology-service",
                                    i,
                                    Map.of(
                                            "PORTOLAN_IPAMCLIENT_URL",
                                            ipam.get(i % ipams).calls().base(),
                                            "PORTOLAN_TOPOLOGY_MEMORYBACKEND",
                                            Boolean.toString(memoryNetwork)))));
        }
    }

    /** Returns when all are ready. The workspace owns them. */
    public static ReplicatedServices start(
            Workspace workspace, Path checkout, PostgresPair pair, int ipams, int topologies) {
        return new ReplicatedServices(
                workspace, checkout, Ledger.start(workspace, pair), HEAP_MIB, ipams, topologies, false);
    }

    /** One of each, that may have clusters on a network in topology-service's memory. The workspace owns them. */
    public static ReplicatedServices onMemoryNetwork(Workspace workspace, Path checkout, int heapMiB) {
        return new ReplicatedServices(workspace, checkout, Ledger.start(workspace), heapMiB, 1, 1, true);
    }

    /** One ipam-service alone, that limits nobody's rate. The workspace owns it. */
    public static ReplicatedServices ipam(Workspace workspace, Path checkout, int heapMiB) {
        return new ReplicatedServices(workspace, checkout, Ledger.start(workspace), heapMiB, 1, 0, false);
    }

    private static List<Replica> all(ExecutorService threads, Stream<Supplier<Replica>> starts) {
        List<CompletableFuture<Replica>> starting =
                starts.map(one -> CompletableFuture.supplyAsync(one, threads)).toList();
        return starting.stream().map(CompletableFuture::join).toList();
    }

    private Replica start(String module, int number, Map<String, String> more) {
        int port = Listeners.freeLoopbackPort();
        RestCalls calls = new RestCalls("http://127.0.0.1:" + port);
        Daemon.Plan plan = workspace
                .daemon(
                        module + "-" + number,
                        ServiceJar.of(workspace, checkout, module).command(heapMiB))
                .environment("SERVER_ADDRESS", "127.0.0.1")
                .environment("SERVER_PORT", Integer.toString(port))
                .environment("PORTOLAN_ACCESS_OPEN", "true");
        ledger.environment(module).forEach(plan::environment);
        more.forEach(plan::environment);
        return new Replica(
                plan.readyWhen("answers that it is ready", d -> calls.answers("/actuator/health/readiness"))
                        .readyWithin(START_LIMIT)
                        .grace(STOP_LIMIT)
                        .start(),
                calls);
    }

    public Ledger ledger() {
        return ledger;
    }

    public List<Replica> ipam() {
        return ipam;
    }

    public List<Replica> topology() {
        return topology;
    }

    public List<Replica> all() {
        return Stream.concat(ipam.stream(), topology.stream()).toList();
    }

    public List<URI> ipamUrls() {
        return ipam.stream().map(Replica::base).toList();
    }

    public List<URI> topologyUrls() {
        return topology.stream().map(Replica::base).toList();
    }
}
