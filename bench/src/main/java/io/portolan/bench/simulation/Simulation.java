package io.portolan.bench.simulation;

import io.portolan.e2e.stack.RestCalls;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** One run: nodes join, pods fill them, come and go, waves pass, and at the end ledger and nodes say the same. */
public final class Simulation {
    public static final String CLUSTER = "simulated";
    private static final long STEP_MS = 1_000;
    private static final double LOOK_EVERY = 1;
    private static final Duration JOIN_LIMIT = Duration.ofMinutes(30);
    private static final Duration QUIET_LIMIT = Duration.ofMinutes(3);

    /** Pods that a node takes, as small, usual and large machines do. */
    private static final List<Integer> SIZES = List.of(29, 60, 60, 110);

    private final Plan plan;
    private final RestCalls topology;
    private final RestCalls ipam;
    private final Timeline timeline = new Timeline();
    private final Holders holders = new Holders();
    private final LightAgent.World world;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Random sizes;
    private final Churn churn;

    public Simulation(Plan plan, RestCalls topology, RestCalls ipam) {
        this.plan = plan;
        this.topology = topology;
        this.ipam = ipam;
        world = new LightAgent.World(CLUSTER, topology, ipam, timeline, holders);
        sizes = new Random(plan.seed());
        churn = new Churn(plan, timeline, this::newNode, this::deleteNode);
    }

    Timeline timeline() {
        return timeline;
    }

    public Result run() throws InterruptedException {
        try {
            topology.put(
                            "/v1/clusters/" + CLUSTER,
                            Map.of(
                                    "mode",
                                    "overlay",
                                    "podCidrs",
                                    List.of("10.0.0.0/9"),
                                    "backend",
                                    Map.of("endpoints", "memory:")))
                    .ok();
            Future<?> looking = threads.submit(this::keepLooking);
            Simulate.say("%d nodes join".formatted(plan.nodes()));
            double begin = timeline.now();
            for (int i = 0; i < plan.nodes(); i++) {
                churn.add(newNode("node-%05d".formatted(i)));
            }
            await(JOIN_LIMIT, () -> churn.alive().stream().allMatch(LightAgent::isJoined));
            double joined = timeline.now() - begin;
            Simulate.say("joined in %.1f s; the first pods come".formatted(joined));
            churn.fill(plan.length().toSeconds() / 6.0);
            Simulate.say("pods come and go for %d s".formatted(plan.length().toSeconds()));
            churn.run();
            boolean settled = await(QUIET_LIMIT, () -> {
                LightAgent.Counts all = total();
                return churn.alive().stream().allMatch(LightAgent::isJoined)
                        && all.waiting() == 0
                        && all.unsaid() == 0
                        && bound() == all.running();
            });
            LightAgent.Counts last = total();
            looking.cancel(true);
            return new Result(
                    plan,
                    timeline,
                    joined,
                    churn.started(),
                    churn.unplaced(),
                    holders.givenTwice(),
                    settled,
                    bound(),
                    last);
        } finally {
            churn.alive().forEach(LightAgent::end);
            threads.shutdown();
            if (!threads.awaitTermination(30, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        }
    }

    private LightAgent newNode(String name) {
        LightAgent agent = new LightAgent(world, name, SIZES.get(sizes.nextInt(SIZES.size())));
        threads.execute(() -> agent.live(STEP_MS));
        return agent;
    }

    /** As a cloud's controller says it: the machine is no more. */
    private void deleteNode(String name) {
        threads.execute(() -> topology.delete("/v1/clusters/%s/nodes/%s?force=true".formatted(CLUSTER, name)));
    }

    private void keepLooking() {
        try {
            while (true) {
                LightAgent.Counts all = total();
                int joined = (int)
                        churn.alive().stream().filter(LightAgent::isJoined).count();
                timeline.look(all.running(), all.waiting(), all.idle(), all.held(), joined);
                Thread.sleep((long) (LOOK_EVERY * 1_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private LightAgent.Counts total() {
        return churn.alive().stream()
                .map(LightAgent::counts)
                .reduce(new LightAgent.Counts(0, 0, 0, 0, 0), LightAgent.Counts::plus);
    }

    /** Ports that the ledger says pods have. */
    private int bound() {
        return ipam.get("/v1/clusters/%s/utilisation?limit=1".formatted(CLUSTER))
                .ok()
                .path("ports")
                .path("bound")
                .asInt();
    }

    private static boolean await(Duration limit, BooleanSupplier so) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!so.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(250);
        }
        return true;
    }
}
