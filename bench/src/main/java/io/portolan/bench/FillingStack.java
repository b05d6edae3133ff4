package io.portolan.bench;

import io.portolan.e2e.stack.CloudNetwork;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/** Real services on a real network, whose nodes come one after the other and go again. */
final class FillingStack implements AutoCloseable {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final String NODES = "/v1/clusters/" + Stack.CLUSTER + "/nodes/";

    /** Seconds that the best round took. */
    record Race(int ports, double ours, double bare) {}

    /** Writes what a node of so many ports consists of, and takes it away again. */
    interface BareClient extends AutoCloseable {
        /** @return seconds until the network has it */
        double fill(int round, int ports);

        @Override
        void close();
    }

    private final Workspace workspace = Workspace.create();
    private final Stack.Mode mode;
    private final Stack stack;
    private final BareClient bare;

    FillingStack(Stack.Mode mode) {
        this.mode = mode;
        Bench.say("starting services on a network of mode " + mode);
        stack = Stack.start(workspace, mode, Path.of("").toAbsolutePath(), Stack.Progress.SILENT);
        stack.declareCluster();
        await(() -> stack.topologyCalls()
                .get("/v1/clusters/" + Stack.CLUSTER)
                .ok()
                .path("state")
                .asString()
                .equals("ready"));
        bare = switch (mode) {
            case OVERLAY -> new BareOvn(stack.central().northbound().unixRemote());
            case UNDERLAY -> new BareNeutron(((CloudNetwork) stack.network()).tenant());
        };
    }

    private static void await(BooleanSupplier so) {
        Awaitility.await()
                .atMost(LONG)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(so::getAsBoolean);
    }

    Race race(int maxPods, int rounds) {
        double ours = Double.MAX_VALUE;
        double theirs = Double.MAX_VALUE;
        int ports = 0;
        for (int round = 0; round < rounds; round++) {
            String name = "node-%d-%d".formatted(maxPods, round);
            Map<String, Object> registration = registration(name, maxPods);
            long begin = System.nanoTime();
            RestCalls topology = stack.topologyCalls();
            stack.topologyCallsOf(name).put(NODES + name, registration).ok();
            await(() -> full(topology.get(NODES + name).ok(), maxPods) > 0);
            double took = (System.nanoTime() - begin) / 1e9;
            ports = full(topology.get(NODES + name).ok(), maxPods);
            topology.delete(NODES + name);
            await(() -> topology.get(NODES + name).status() == 404);
            double plain = bare.fill(round, ports);
            Bench.say("%d ports, round %d: %.2f s, by a bare client %.2f s".formatted(ports, round, took, plain));
            ours = Math.min(ours, took);
            theirs = Math.min(theirs, plain);
        }
        return new Race(ports, ours, theirs);
    }

    /** How many ports the node has, all of them free; 0 as long as that is not so. */
    private static int full(JsonNode node, int maxPods) {
        int all = node.path("ports").valueStream().mapToInt(JsonNode::asInt).sum();
        return all >= maxPods && node.path("ports").path("free").asInt() == all ? all : 0;
    }

    private Map<String, Object> registration(String name, int maxPods) {
        Map<String, Object> registration = new HashMap<>(Map.of(
                "cpus",
                64,
                "memoryMiB",
                262_144,
                "maxPods",
                maxPods,
                "agent",
                UUID.randomUUID().toString()));
        switch (mode) {
            case OVERLAY -> registration.put("chassis", name);
            case UNDERLAY ->
                registration.put(
                        "parentPort",
                        ((CloudNetwork) stack.network()).tenant().plug(name).vif());
        }
        return registration;
    }

    @Override
    public void close() {
        bare.close();
        workspace.close();
    }
}
