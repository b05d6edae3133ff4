package io.portolan.e2e.chaos;

import io.portolan.e2e.stack.Ledger;
import io.portolan.e2e.stack.Observed;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.SmallDisk;
import io.portolan.testbed.Waiting;
import io.portolan.testbed.WorkerHost;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresPair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** One run of it. */
public final class Chaos implements AutoCloseable {
    private static final Duration QUIET_LIMIT = Duration.ofMinutes(5);
    private static final int DISK_MIB = 16;
    private static final List<String> NODES = List.of("node-1", "node-2");

    /**
     * @param kills of the faults that were kills
     * @param refused ADDs that failed while it went on
     * @param wrongs what is not right, in words
     */
    public record Verdict(
            long seed, int faults, long kills, int podsStarted, int refused, int podsLive, List<String> wrongs) {
        public boolean clean() {
            return wrongs.isEmpty();
        }

        @Override
        public String toString() {
            return "seed %d: %d faults, %d of them kills; %d pods started, %d ADDs refused, %d pods live at the end: %s"
                    .formatted(
                            seed,
                            faults,
                            kills,
                            podsStarted,
                            refused,
                            podsLive,
                            clean() ? "clean" : "WRONG:\n  " + String.join("\n  ", wrongs));
        }
    }

    private final Workspace workspace = Workspace.create();
    private final Consumer<String> told;
    private final Map<String, SmallDisk> disks = new TreeMap<>();
    private final PostgresPair postgres;
    private final Stack stack;
    private final Observed observed;
    private final List<Worker> workers;

    /**
     * @param checkout the directory of the checkout, built
     * @param told what happens, line by line
     */
    public Chaos(Path checkout, Consumer<String> told) {
        this.told = told;
        try {
            for (String node : NODES) {
                // Before the node's namespace has a view of mounts of its own.
                disks.put(node, SmallDisk.mount(workspace, workspace.directory("disk-" + node), DISK_MIB));
            }
            postgres = PostgresPair.start(workspace);
            stack = Stack.start(
                    workspace,
                    Stack.Mode.OVERLAY,
                    checkout,
                    new Stack.Variant(
                            Stack.Variant.USUAL.kubernetes(), where -> Ledger.start(where, postgres), this::machine),
                    Stack.Progress.SILENT);
            observed = new Observed(stack);
            Map<String, Object> spec = new HashMap<>(stack.network().clusterSpec());
            spec.put("cooldownSeconds", 2);
            stack.declare(Stack.CLUSTER, spec);
            List<CompletableFuture<Worker>> joining =
                    NODES.stream().map(stack::addNode).toList();
            workers = joining.stream().map(CompletableFuture::join).toList();
            if (!Waiting.until(QUIET_LIMIT, () -> workers.stream().allMatch(this::serves))) {
                throw new IllegalStateException("the stack does not come up");
            }
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /** What the agent on a machine is told so that its disk can be full and its clock wrong. */
    private Map<String, String> machine(WorkerHost host) {
        Path clock = clock(host);
        Victim.Machine.set(clock, "+0");
        return Map.of(
                "PORTOLAN_AGENT_CACHEFILE",
                disk(host).directory().resolve("portolan.db").toString(),
                "LD_PRELOAD",
                fakeTime().toString(),
                "DONT_FAKE_MONOTONIC",
                "1",
                // Its own mending of waits makes every timed wait of a JVM a busy one.
                "FAKETIME_FORCE_MONOTONIC_FIX",
                "0",
                "FAKETIME_CACHE_DURATION",
                "1",
                "FAKETIME_TIMESTAMP_FILE",
                clock.toString());
    }

    private SmallDisk disk(WorkerHost host) {
        return Objects.requireNonNull(disks.get(host.name()));
    }

    private static Path clock(WorkerHost host) {
        return host.directory().resolve("clock");
    }

    private static Path fakeTime() {
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(Path.of("/usr/lib"), directory -> Files.exists(library(directory)))) {
            for (Path directory : found) {
                return library(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("libfaketime is not there: the package is faketime");
    }

    private static Path library(Path directory) {
        return directory.resolve("faketime/libfaketimeMT.so.1");
    }

    private boolean serves(Worker worker) {
        return stack.runtime().call("STATUS", worker.host()).ok();
    }

    private List<Victim> victims() {
        List<Daemon> daemons = new ArrayList<>(List.of(
                stack.ipam(),
                stack.topology(),
                stack.lb(),
                stack.security(),
                stack.central().northbound().daemon(),
                stack.central().southbound().daemon(),
                stack.central().northd()));
        List<Victim> victims = new ArrayList<>();
        for (Worker worker : workers) {
            WorkerHost host = worker.host();
            daemons.addAll(
                    List.of(worker.agent(), host.ovsdb().daemon(), host.vswitch(), ((NodeHost) host).controller()));
            victims.add(new Victim.Machine(host, disk(host), clock(host)));
        }
        daemons.forEach(daemon -> victims.add(new Victim.Program(daemon)));
        victims.add(new Victim.Postgres(postgres));
        return victims;
    }

    /** Lets it all happen, then lets everything run and looks. */
    public Verdict run(long seed, Duration length) throws InterruptedException {
        List<Fault> faults = Weather.drawn(seed, length, victims());
        told.accept("seed %d: %d faults in %d s".formatted(seed, faults.size(), length.toSeconds()));
        List<String> wrongs = new ArrayList<>();
        try (Tenants tenants = new Tenants(stack.runtime());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            tenants.begin(workers, seed);
            List<Future<?>> recovering = happen(faults, threads);
            for (Future<?> one : recovering) {
                try {
                    one.get();
                } catch (ExecutionException e) {
                    wrongs.add("it does not come back: " + e.getCause());
                }
            }
            told.accept("everything runs again");
            tenants.end();
            wrongs.addAll(tenants.wrongs());
            wrongs.addAll(agreement(tenants.live()));
            return new Verdict(
                    seed,
                    faults.size(),
                    faults.stream()
                            .filter(fault -> fault.kind() == Fault.Kind.KILL)
                            .count(),
                    tenants.started(),
                    tenants.refused(),
                    tenants.live().size(),
                    wrongs);
        }
    }

    private List<Future<?>> happen(List<Fault> faults, ExecutorService threads) throws InterruptedException {
        long begin = System.nanoTime();
        List<Future<?>> recovering = new ArrayList<>();
        Map<Victim, Future<?>> suffering = new HashMap<>();
        for (Fault fault : faults) {
            Thread.sleep(Duration.ofNanos(Math.max(0, fault.at().toNanos() - (System.nanoTime() - begin))));
            Future<?> before = suffering.get(fault.victim());
            if (before != null && !before.isDone()) {
                told.accept(fault + ", who is not back yet: left out");
                continue;
            }
            told.accept(fault.toString());
            Future<?> recovery = threads.submit(() -> {
                fault.victim().suffer(fault);
                Thread.sleep(fault.lasts());
                fault.victim().recover(fault);
                return null;
            });
            recovering.add(recovery);
            suffering.put(fault.victim(), recovery);
        }
        return recovering;
    }

    /** What ledger, network, caches and pods say differently, after they had time to agree. */
    private List<String> agreement(Map<String, Pod> live) {
        List<String> wrongs = new ArrayList<>();
        boolean agreed = Waiting.until(QUIET_LIMIT, () -> {
            List<String> before = List.copyOf(wrongs);
            wrongs.clear();
            try {
                wrongs.addAll(disagreements(live));
            } catch (RuntimeException e) {
                wrongs.add("cannot be looked at: " + e);
            }
            if (!wrongs.equals(before)) {
                wrongs.forEach(wrong -> told.accept("not yet: " + wrong));
            }
            return wrongs.isEmpty();
        });
        return agreed ? unreachable(live) : wrongs;
    }

    private List<String> disagreements(Map<String, Pod> live) {
        List<String> wrongs = new ArrayList<>();
        workers.stream()
                .filter(worker -> !serves(worker))
                .forEach(worker -> wrongs.add(worker.host().name() + " does not serve"));
        differ(wrongs, "network and ledger", observed.portsInNetwork(), observed.portsInLedgerOf(Stack.CLUSTER));
        for (Worker worker : workers) {
            differ(
                    wrongs,
                    "cache of %s and ledger".formatted(worker.host().name()),
                    observed.portsInCache(worker),
                    observed.portsLeasedTo(worker));
        }
        Map<String, String> sandboxes = new TreeMap<>();
        live.forEach((address, pod) -> sandboxes.put(address, pod.containerId()));
        Map<String, String> bound = new TreeMap<>();
        observed.ledger("select host(ip) || ' ' || sandbox from port where state = 'bound'").stream()
                .map(row -> row.split(" ", 2))
                .forEach(row -> bound.put(row[0], row[1]));
        differ(wrongs, "pods and ledger", sandboxes, bound);
        List<String> unsettled = observed.ledger(
                "select host(ip) || ' ' || state from port where state not in ('free', 'leased', 'bound', 'cooling')");
        if (!unsettled.isEmpty()) {
            wrongs.add("ports under way: " + unsettled);
        }
        return wrongs;
    }

    private static void differ(List<String> wrongs, String between, Object one, Object other) {
        if (!one.equals(other)) {
            wrongs.add("%s differ: %s, %s".formatted(between, one, other));
        }
    }

    /** Pods that another pod, of any node, does not reach. */
    private List<String> unreachable(Map<String, Pod> live) {
        List<String> wrongs = new ArrayList<>();
        List<Pod> pods = List.copyOf(live.values());
        for (int i = 0; i < pods.size(); i++) {
            Pod from = pods.get(i);
            for (int step : List.of(1, pods.size() / 2)) {
                Pod to = pods.get((i + step) % pods.size());
                if (!Waiting.until(
                        Duration.ofMinutes(1),
                        () -> from.sandbox().ping(to.address(), 1).answered())) {
                    wrongs.add("%s on %s does not reach %s on %s"
                            .formatted(
                                    from.address(),
                                    from.node().name(),
                                    to.address(),
                                    to.node().name()));
                }
            }
        }
        return wrongs;
    }

    @Override
    public void close() {
        stack.close();
    }
}
