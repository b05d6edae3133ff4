package io.portolan.bench;

import io.portolan.e2e.stack.ReplicatedServices;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/**
 * 1,000 nodes that are declared at once, by whole services into a real northbound database, until all their ports are free; against
 * a bare client that writes the same rows into the same database. northd does not run: its work is the same for both.
 */
final class ManyNodes implements Harness {
    private static final int NODES = 1_000;
    private static final int PORTS = 61;
    private static final int HEAP_MIB = 256;
    private static final int DECLARING = 16;
    private static final String CLUSTER = "/v1/clusters/large";
    private static final Duration LONG = Duration.ofMinutes(20);

    @Override
    public String name() {
        return "nodes";
    }

    @Override
    public List<Figure> measure() {
        try (Workspace workspace = Workspace.create()) {
            OvsdbServer northbound = OvsdbServer.in(workspace, "nb")
                    .database(Path.of("/usr/share/ovn/ovn-nb.ovsschema"))
                    .start();
            ReplicatedServices services =
                    ReplicatedServices.onMemoryNetwork(workspace, Path.of("").toAbsolutePath(), HEAP_MIB);
            RestCalls topology =
                    new RestCalls(services.topology().getFirst().calls().base(), LONG);
            topology.put(
                            CLUSTER,
                            Map.of(
                                    "mode",
                                    "overlay",
                                    "podCidrs",
                                    List.of("10.0.0.0/10"),
                                    "backend",
                                    Map.of("endpoints", northbound.unixRemote())))
                    .ok();
            await(() -> topology.get(CLUSTER).ok().path("state").asString().equals("ready"));
            double ours = declared(topology);
            double bare = 0;
            try (BareOvn client = new BareOvn(northbound.unixRemote())) {
                for (int i = 0; i < NODES; i++) {
                    bare += client.fill(i % 250, PORTS);
                }
            }
            Bench.say("%d nodes of %d ports: %.1f s, the bare writes %.1f s".formatted(NODES, PORTS, ours, bare));
            return List.of(
                    Figure.ratio(
                            "%,d nodes declared at once, OVN, until all ports are free".formatted(NODES),
                            ours,
                            bare,
                            "s",
                            1.5),
                    Figure.told("ports made in a second", NODES * PORTS / ours, "1/s"));
        }
    }

    private static double declared(RestCalls topology) {
        long begin = System.nanoTime();
        try (ExecutorService threads = Executors.newFixedThreadPool(DECLARING)) {
            for (int node = 0; node < NODES; node++) {
                String name = "node-" + node;
                threads.execute(() -> topology.put(
                                CLUSTER + "/nodes/" + name,
                                Map.of(
                                        "cpus",
                                        64,
                                        "memoryMiB",
                                        262_144,
                                        "maxPods",
                                        PORTS,
                                        "chassis",
                                        name,
                                        "agent",
                                        UUID.randomUUID()))
                        .ok());
            }
        }
        await(() -> topology.get(CLUSTER).ok().path("ports").path("free").asInt() == NODES * PORTS);
        return (System.nanoTime() - begin) / 1e9;
    }

    private static void await(BooleanSupplier so) {
        Awaitility.await().atMost(LONG).pollInterval(Duration.ofMillis(500)).until(so::getAsBoolean);
    }
}
