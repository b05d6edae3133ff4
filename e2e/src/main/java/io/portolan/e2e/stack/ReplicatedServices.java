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

/** The services, several replicas of each, on one ledger whose PostgreSQL can fail over. */
public final class ReplicatedServices {
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
    private final List<Replica> ipam;
    private final List<Replica> topology;

    private ReplicatedServices(Workspace workspace, Path checkout, PostgresPair pair, int ipams, int topologies) {
        this.workspace = workspace;
        this.checkout = checkout;
        ledger = Ledger.start(workspace, pair);
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
                                            ipam.get(i % ipams).calls().base()))));
        }
    }

    /** Returns when all are ready. The workspace owns them. */
    public static ReplicatedServices start(
            Workspace workspace, Path checkout, PostgresPair pair, int ipams, int topologies) {
        return new ReplicatedServices(workspace, checkout, pair, ipams, topologies);
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
                        ServiceJar.of(workspace, checkout, module).command(160))
                .environment("SERVER_ADDRESS", "127.0.0.1")
                .environment("SERVER_PORT", Integer.toString(port));
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
