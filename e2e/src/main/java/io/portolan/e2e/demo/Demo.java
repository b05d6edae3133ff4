package io.portolan.e2e.demo;

import io.portolan.e2e.demo.Checks.Finding;
import io.portolan.e2e.stack.CloudNetwork;
import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.Neighbour;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Responders;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.FaultyProxy;
import io.portolan.testbed.Ping;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.TcpExchange;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** The main job on this machine: two nodes join, four pods start on ports made ahead, and reach each other. */
final class Demo {

    /** Who takes part in the checks of the network: a pod, or a machine beside the pods. */
    private record Peer(String name, String place, String address, PodSandbox sandbox) {
        static Peer of(Pod pod) {
            return new Peer(pod.name(), pod.node().name(), pod.address(), pod.sandbox());
        }

        static Peer of(Neighbour machine) {
            return new Peer(machine.name(), machine.name(), machine.address(), machine.sandbox());
        }
    }

    private static final String OFFLINE = "pod-offline";

    private final Screen screen;
    private final Checks checks;
    private final Stack stack;
    private final Services services;

    private Demo(Screen screen, Stack stack) {
        this.screen = screen;
        this.checks = new Checks(screen);
        this.stack = stack;
        services = new Services(screen, checks, stack);
    }

    static void main(String[] arguments) throws InterruptedException {
        Options options;
        try {
            options = Options.of(arguments);
        } catch (Options.Unknown e) {
            System.err.println("portolan: " + e.getMessage());
            System.exit(2);
            return;
        }
        boolean up = options.up();
        Path root = up ? DevStacks.ROOT : Workspace.DEFAULT_ROOT;
        Workspace.sweepAll(root);
        if (up && DevStacks.running().isPresent()) {
            System.err.println("portolan: it is up already: ./portolan status shows it, ./portolan down takes it down");
            System.exit(1);
        }
        Screen screen = new Screen(options.json());
        Workspace workspace = Workspace.create(root);
        screen.step("Starting the parts (Ctrl-C takes everything down)");
        boolean held;
        try (Stack stack = Stack.start(
                workspace,
                options.mode(),
                Path.of("").toAbsolutePath(),
                new Stack.Variant(
                        address -> options.kubeconfig()
                                .map(KubernetesApi::of)
                                .orElseGet(() -> KubernetesApi.inMemory(address)),
                        Stack.Variant.USUAL.ledger(),
                        Stack.Variant.USUAL.agents()),
                screen::done)) {
            Demo demo = new Demo(screen, stack);
            demo.run();
            held = demo.checks.allHold();
            if (up) {
                demo.stay(workspace, held);
            }
            screen.step("Taking everything down");
            demo.screen.finish(demo.checks);
        }
        System.exit(held ? 0 : 1);
    }

    private void run() {
        screen.step("A cluster is declared, two nodes join: their ports are made before any pod is there");
        stack.declareCluster();
        List<Worker> workers = List.of(stack.addNode("node-1"), stack.addNode("node-2")).stream()
                .map(CompletableFuture::join)
                .toList();
        for (Worker worker : workers) {
            checks.check("all ports of " + worker.host().name() + " are free, its cache is warm", () -> warm(worker));
        }

        screen.step("Four pods start: the CNI executable takes a port from the node's cache");
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Pod pod = start(workers.get(i % 2), "pod-" + (char) ('a' + i));
            pods.add(pod);
            CniAnswer added = pod.added();
            checks.add(new Checks.Check(
                    "ADD " + pod.name() + " on " + pod.node().name() + (added.ok() ? " → " + pod.address() : ""),
                    added.ok(),
                    added.milliseconds(),
                    added.json().toString()));
        }
        if (checks.allHold()) {
            pods.forEach(stack::respond);
            stack.network()
                    .neighbours()
                    .forEach(machine -> machine.sandbox().serveTcp(Responders.TCP_PORT, machine.name()));
            matrix(Stream.concat(
                            pods.stream().map(Peer::of),
                            stack.network().neighbours().stream().map(Peer::of))
                    .toList());
            if (stack.network() instanceof CloudNetwork cloud) {
                countCalls(cloud, workers.get(0));
            }
            services.run(pods);
            stack.network()
                    .outside(workers.getLast().host())
                    .ifPresent(outside -> new NorthSouth(screen, checks, stack).run(outside, pods));
            if (stack.kubernetes().isReachedByNodes()) {
                new SecurityProfiles(screen, checks, stack).run(workers, pods);
                new NetworkPolicies(screen, checks, stack).run(pods, List.of(SecurityProfiles.OPEN));
            } else {
                screen.step("Security profiles are left out: the nodes here have no way to that cluster's API server");
            }
            warmPath(workers);
            deleteOne(pods.get(3));
            checks.audit(stack.topologyCalls(), Stack.CLUSTER);
        }
        tables(workers);
    }

    /** Makes the pod's object, as a scheduler would have bound it, then what kubelet makes of it. */
    private Pod start(Worker worker, String name) {
        UUID uid = stack.kubernetes().pod(name, worker.host(), Map.of());
        return stack.runtime().start(worker.host(), name, uid);
    }

    private Finding warm(Worker worker) {
        String node =
                "/v1/clusters/" + Stack.CLUSTER + "/nodes/" + worker.host().name();
        boolean ready = Checks.eventually(() -> "ready"
                .equals(stack.topologyCalls().get(node).body().path("state").asString()));
        AtomicReference<CniAnswer> status = new AtomicReference<>();
        boolean serving = Checks.eventually(() -> {
            status.set(stack.runtime().call("STATUS", worker.host()));
            return status.get().ok();
        });
        JsonNode seen = stack.topologyCalls().get(node).body();
        return new Finding(
                ready && serving,
                "state %s %s, ports %s, STATUS %s"
                        .formatted(seen.path("state"), seen.path("stateReason"), seen.path("ports"), status.get()));
    }

    private void matrix(List<Peer> peers) {
        screen.step("Everybody pings everybody, and exchanges a line over TCP");
        for (Peer from : peers) {
            for (Peer to : peers) {
                if (!from.equals(to)) {
                    String way =
                            from.name() + " → " + to.name() + (from.place().equals(to.place()) ? "" : ", elsewhere");
                    checks.check("ping " + way, () -> {
                        Ping ping = from.sandbox().ping(to.address(), 3);
                        return new Finding(ping.answered(), ping.output());
                    });
                    checks.check("tcp  " + way, () -> {
                        TcpExchange exchange =
                                from.sandbox().tcp(to.address(), Responders.TCP_PORT, Duration.ofSeconds(5));
                        return new Finding(exchange.ok() && exchange.said().equals(to.name()), exchange.said());
                    });
                }
            }
        }
    }

    private void warmPath(List<Worker> workers) {
        screen.step("The control plane is stopped, and a pod starts all the same");
        Map<String, Daemon> control = stack.network().controlPlane();
        List<Daemon> stopped = new ArrayList<>(List.of(stack.ipam(), stack.topology(), stack.lb(), stack.security()));
        stopped.addAll(control.values());
        UUID uid = stack.kubernetes().pod(OFFLINE, workers.get(0).host(), Map.of());
        stopped.forEach(Daemon::pause);
        try {
            checks.check("ADD and DEL without any service, " + String.join(" or ", control.keySet()), () -> {
                Pod pod = stack.runtime().start(workers.get(0).host(), OFFLINE, uid);
                boolean added = pod.added().ok();
                boolean deleted = stack.runtime().stop(pod).ok();
                return new Finding(added && deleted, pod.added().json().toString());
            });
            services.answerWithoutControlPlane();
        } finally {
            stopped.forEach(Daemon::resume);
        }
    }

    /** What the loops ask for by themselves may fall into one ADD, but not into all. */
    private void countCalls(CloudNetwork cloud, Worker worker) {
        checks.check("an ADD makes no call to Neutron and none to Keystone", () -> {
            List<FaultyProxy.Call> calls = List.of();
            for (int i = 0; i < 10; i++) {
                cloud.neutron().forgetCalls();
                cloud.keystone().forgetCalls();
                Pod pod = stack.runtime().start(worker.host(), "pod-counted-" + i);
                calls = Stream.concat(cloud.neutron().calls().stream(), cloud.keystone().calls().stream())
                        .toList();
                if (!stack.runtime().stop(pod).ok() || !pod.added().ok()) {
                    return new Finding(false, pod.added().json().toString());
                }
                if (calls.isEmpty()) {
                    return new Finding(true, "none");
                }
            }
            return new Finding(false, calls.toString());
        });
    }

    private void deleteOne(Pod pod) {
        screen.step("A pod is deleted: its address rests before anybody gets it again");
        checks.check("DEL " + pod.name(), () -> {
            CniAnswer deleted = stack.runtime().stop(pod);
            return new Finding(deleted.ok(), deleted.json().toString());
        });
        String address = "/v1/clusters/" + Stack.CLUSTER + "/addresses/" + pod.address();
        checks.check("the ledger has " + pod.address() + " cooling", () -> {
            boolean cooling = Checks.eventually(() -> "cooling"
                    .equals(stack.ipamCalls()
                            .get(address)
                            .body()
                            .path("port")
                            .path("state")
                            .asString()));
            return new Finding(cooling, stack.ipamCalls().get(address).body().toString());
        });
        checks.check("the ledger's history names " + pod.name() + " as the last holder", () -> {
            JsonNode history = stack.ipamCalls().get(address + "/history").body();
            return new Finding(history.toString().contains(pod.name()), history.toString());
        });
    }

    private void tables(List<Worker> workers) {
        screen.step("What is where");
        screen.table(
                List.of("node", "binds at", "state", "subnet", "free", "leased", "bound", "cooling"),
                workers.stream()
                        .map(worker -> {
                            JsonNode node = stack.topologyCalls()
                                    .get("/v1/clusters/" + Stack.CLUSTER + "/nodes/"
                                            + worker.host().name())
                                    .body();
                            JsonNode ports = node.path("ports");
                            return List.of(
                                    node.path("name").asString(),
                                    node.path("chassis")
                                            .asString(node.path("parentPort").asString()),
                                    node.path("state").asString(),
                                    node.path("subnets").path(0).path("cidr").asString(),
                                    ports.path("free").asString(),
                                    ports.path("leased").asString(),
                                    ports.path("bound").asString(),
                                    ports.path("cooling").asString());
                        })
                        .toList());
        screen.say("");
        List<List<String>> rows = new ArrayList<>();
        for (String state : List.of("bound", "cooling")) {
            for (JsonNode port : stack.ipamCalls()
                    .get("/v1/clusters/" + Stack.CLUSTER + "/ports?state=" + state)
                    .body()
                    .path("ports")) {
                rows.add(List.of(
                        port.path("addresses").path(0).path("address").asString(),
                        port.path("mac").asString(),
                        port.path("state").asString(),
                        port.path("pod").path("name").asString(),
                        port.path("backendId").asString()));
            }
        }
        screen.table(List.of("address", "mac", "state", "pod", "port in the network"), rows);
        screen.say("");
        Services.show(screen, stack.lbCalls());
        screen.say("");
        screen.say(
                "          Swagger UI  ipam-service      " + stack.ipamCalls().base() + "/swagger-ui.html");
        screen.say("                      topology-service  "
                + stack.topologyCalls().base() + "/swagger-ui.html");
        screen.say("                      lb-sync-service   " + stack.lbCalls().base() + "/swagger-ui.html");
        screen.say("                      security-service  "
                + stack.securityCalls().base() + "/swagger-ui.html");
        screen.say("                      its Authorize takes what is in " + stack.operatorToken());
    }

    private void stay(Workspace workspace, boolean held) throws InterruptedException {
        DevStacks.remember(workspace, stack);
        screen.finish(checks);
        screen.say("portolan: up" + (held ? "" : ", although not all checks hold"));
        Thread.currentThread().join();
    }
}
