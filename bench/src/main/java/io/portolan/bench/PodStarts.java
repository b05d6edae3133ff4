package io.portolan.bench;

import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.Ledger;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/**
 * ADD and DEL as whole processes, one after the other and many at once, in turn with Debian's reference plugins; and what the
 * agent takes that answers them. Pods are known to an API server before they start, as everywhere.
 */
final class PodStarts implements Harness {
    private static final int ROUNDS = 100;
    private static final int AT_ONCE = 110;
    private static final int BURSTS = 3;
    private static final Duration REST = Duration.ofSeconds(20);
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Stack.Variant LARGE_NODES = new Stack.Variant(
            KubernetesApi::inMemory,
            Ledger::start,
            host -> Map.of("PORTOLAN_AGENT_CPUS", "16", "PORTOLAN_AGENT_MEMORYMIB", "65536"));

    @Override
    public String name() {
        return "pods";
    }

    @Override
    public List<Figure> measure() {
        List<Figure> figures = new ArrayList<>();
        try (Race race = new Race(Stack.Mode.OVERLAY, LARGE_NODES)) {
            Processes agent = new Processes(race.worker.agent().pid());
            double idle = agent.mebibytes("VmRSS");
            figures.addAll(race.oneByOne());
            figures.addAll(race.atOnce());
            figures.add(Figure.of("agent: resident when it has joined", idle, "MiB", 128));
            figures.add(Figure.of(
                    "agent: resident after %d pods".formatted(ROUNDS + BURSTS * AT_ONCE),
                    agent.mebibytes("VmRSS"),
                    "MiB",
                    128));
            figures.add(race.agentAtRest(agent));
            figures.add(race.agentStarts());
        }
        try (Race race = new Race(Stack.Mode.UNDERLAY, LARGE_NODES)) {
            figures.addAll(race.oneByOne());
        }
        return figures;
    }

    private static void await(BooleanSupplier so) {
        Awaitility.await()
                .atMost(LONG)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(so::getAsBoolean);
    }

    /** A node with its agent, and a namespace for the others' plugins. */
    private static final class Race implements AutoCloseable {
        private final Workspace workspace = Workspace.create();
        private final String mode;
        private final Stack stack;
        private final Worker worker;
        private final ReferencePlugins reference;
        private final ExecutorService ours;
        private final ExecutorService theirs;
        private int made;

        Race(Stack.Mode mode, Stack.Variant variant) {
            this.mode = mode.name().toLowerCase(Locale.ROOT);
            Bench.say("starting services and a node on a network of mode " + this.mode);
            stack = Stack.start(workspace, mode, Path.of("").toAbsolutePath(), variant, Stack.Progress.SILENT);
            stack.declareCluster();
            worker = stack.addNode("node-1").join();
            await(() -> metric("portolan_wires_ready") >= 8);
            reference = new ReferencePlugins(workspace);
            ours = NamespaceThreads.in(worker.host().namespace().path());
            theirs = NamespaceThreads.in(reference.node().path());
        }

        private double metric(String name) {
            return worker.introspection()
                    .text("/actuator/prometheus")
                    .lines()
                    .filter(line -> line.startsWith(name))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        }

        /** A pod as its scheduler left it, with the namespace that a runtime made for it. */
        private Pod scheduled() {
            String name = "pod-" + made++;
            UUID uid = stack.kubernetes().pod(name, worker.host(), Map.of());
            return stack.runtime().sandbox(worker.host(), name, uid);
        }

        private double call(String command, Pod pod) {
            CniAnswer answer = stack.runtime().call(command, pod);
            if (!answer.ok()) {
                throw new IllegalStateException("%s %s: %s".formatted(command, pod.name(), answer.json()));
            }
            return answer.milliseconds();
        }

        private void gone(Pod pod) {
            pod.sandbox().close();
            stack.kubernetes().deletePod(pod.name());
        }

        List<Figure> oneByOne() {
            List<double[]> samples = new ArrayList<>();
            for (int i = 0; i < ROUNDS + 10; i++) {
                Pod pod = scheduled();
                PodSandbox other = PodSandbox.create(workspace, "other-" + made);
                pause();
                double[] took = {
                    of(ours, () -> call("ADD", pod)),
                    of(theirs, () -> reference.call("ADD", other)),
                    of(ours, () -> call("DEL", pod)),
                    of(theirs, () -> reference.call("DEL", other))
                };
                gone(pod);
                other.close();
                if (i >= 10) { // the first ones warm both up
                    samples.add(took);
                }
            }
            Samples add = column(samples, 0);
            Samples theirAdd = column(samples, 1);
            Samples del = column(samples, 2);
            Samples theirDel = column(samples, 3);
            Bench.say("%s: ADD %s; bridge with host-local %s".formatted(mode, add, theirAdd));
            Bench.say("%s: DEL %s; bridge with host-local %s".formatted(mode, del, theirDel));
            return List.of(
                    Figure.ratio("ADD, %s, p50".formatted(mode), add.median(), theirAdd.median(), "ms", 1),
                    Figure.ratio(
                            "ADD, %s, p99".formatted(mode), add.percentile(0.99), theirAdd.percentile(0.99), "ms", 1.5),
                    Figure.ratio("DEL, %s, p50".formatted(mode), del.median(), theirDel.median(), "ms", 1));
        }

        /** A pod is not the only thing that a node does; what it does behind a pod's back has its time between pods. */
        private static void pause() {
            sleep(Duration.ofMillis(100));
        }

        private static Samples column(List<double[]> samples, int column) {
            return new Samples(samples.stream().mapToDouble(row -> row[column]).toArray());
        }

        private static double of(ExecutorService where, Callable<Double> what) {
            return get(where.submit(what));
        }

        private static double get(Future<Double> future) {
            try {
                return future.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }

        List<Figure> atOnce() {
            List<Double> walls = new ArrayList<>();
            List<Double> theirWalls = new ArrayList<>();
            for (int burst = 0; burst < BURSTS; burst++) {
                List<Pod> pods =
                        IntStream.range(0, AT_ONCE).mapToObj(i -> scheduled()).toList();
                int round = burst;
                List<PodSandbox> others = IntStream.range(0, AT_ONCE)
                        .mapToObj(i -> PodSandbox.create(workspace, "burst-%d-%d".formatted(round, i)))
                        .toList();
                await(() -> metric("portolan_ports{state=\"free\"") >= AT_ONCE);
                walls.add(together(
                        ours,
                        pods.stream()
                                .map(pod -> (Callable<Double>) () -> call("ADD", pod))
                                .toList()));
                theirWalls.add(together(
                        theirs,
                        others.stream()
                                .map(other -> (Callable<Double>) () -> reference.call("ADD", other))
                                .toList()));
                double deleted = together(
                        ours,
                        pods.stream()
                                .map(pod -> (Callable<Double>) () -> call("DEL", pod))
                                .toList());
                double theirDeleted = together(
                        theirs,
                        others.stream()
                                .map(other -> (Callable<Double>) () -> reference.call("DEL", other))
                                .toList());
                Bench.say("%d at once: %.0f ms, bridge with host-local %.0f ms; gone after %.0f ms and %.0f ms"
                        .formatted(AT_ONCE, walls.getLast(), theirWalls.getLast(), deleted, theirDeleted));
                pods.forEach(this::gone);
                others.forEach(PodSandbox::close);
            }
            return List.of(
                    Figure.ratio(
                            "%d pods at once, %s, until the last has its address".formatted(AT_ONCE, mode),
                            new Samples(walls.stream().mapToDouble(w -> w).toArray()).median(),
                            new Samples(theirWalls.stream().mapToDouble(w -> w).toArray()).median(),
                            "ms",
                            1),
                    Figure.of(
                            "claims of the node for these, p99",
                            Histogram.of(stack.ipamCalls().text("/actuator/prometheus"), "portolan_ipam_claim_seconds")
                                    .percentile(0.99),
                            "ms",
                            50));
        }

        /** Milliseconds from the first start to the last end. */
        private static double together(ExecutorService where, List<Callable<Double>> calls) {
            CountDownLatch ready = new CountDownLatch(calls.size());
            CountDownLatch go = new CountDownLatch(1);
            List<Future<Double>> running = calls.stream()
                    .map(call -> where.submit(() -> {
                        ready.countDown();
                        go.await();
                        return call.call();
                    }))
                    .toList();
            try {
                ready.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            long begin = System.nanoTime();
            go.countDown();
            running.forEach(Race::get);
            return (System.nanoTime() - begin) / 1e6;
        }

        Figure agentAtRest(Processes agent) {
            sleep(REST); // ports of pods that are gone go back
            double before = agent.cpuMillis();
            sleep(REST);
            double part = (agent.cpuMillis() - before) / REST.toMillis();
            return Figure.of("agent: CPU at rest", 100 * part, "%", 1);
        }

        Figure agentStarts() {
            double best = Double.MAX_VALUE;
            for (int i = 0; i < 3; i++) {
                worker.agent().kill9();
                long begin = System.nanoTime();
                worker.agent().start();
                JsonNode status = stack.runtime().call("STATUS", worker.host()).json();
                Bench.say("agent serves again after %.2f s: %s".formatted((System.nanoTime() - begin) / 1e9, status));
                best = Math.min(best, (System.nanoTime() - begin) / 1e9);
            }
            return Figure.of("agent: from start to serving", best, "s", 5);
        }

        private static void sleep(Duration time) {
            try {
                Thread.sleep(time);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            ours.shutdownNow();
            theirs.shutdownNow();
            stack.close();
        }
    }
}
