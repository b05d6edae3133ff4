package io.portolan.e2e.demo;

import io.portolan.e2e.demo.Checks.Finding;
import io.portolan.e2e.stack.Calls;
import io.portolan.e2e.stack.Calls.Transport;
import io.portolan.e2e.stack.CloudNetwork;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.KubernetesApi.Endpoint;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import io.portolan.testbed.PodSandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** A Kubernetes Service: its address is answered by pods of both nodes, and follows its endpoints. */
final class Services {
    private static final String NAME = "web";
    private static final String SHRINKING = "shrinking";
    static final int TCP = 80;
    static final int UDP = 53;
    private static final int MANY = 60;
    private static final int TRIES = 5;

    /** More where the machine has other things to do, too. */
    private static final int LEAVES_WITHIN_MS = Integer.getInteger("portolan.demo.leaves-within-ms", 1_000);

    private final Screen screen;
    private final Checks checks;
    private final Stack stack;
    private final KubernetesApi kubernetes;
    private List<Pod> pods = List.of();
    private String address = "";

    Services(Screen screen, Checks checks, Stack stack) {
        this.screen = screen;
        this.checks = checks;
        this.stack = stack;
        kubernetes = stack.kubernetes();
    }

    /** The last of the pods is not among the endpoints at the end: it is there to be deleted. */
    void run(List<Pod> all) {
        pods = all;
        screen.step("A Service of Kubernetes: one address for the pods of both nodes");
        stack.declareServices(Stack.CLUSTER, stack.network().serviceAddresses());
        address = kubernetes.expose(NAME, "ClusterIP", Transport.TCP, Transport.UDP);
        kubernetes.endpoints(NAME, endpoints(all));
        checks.check("service web: its load balancer is there", () -> {
            boolean active = Checks.eventually(() -> active(NAME));
            return new Finding(active, balancer(NAME).toString());
        });
        everybody("tcp", Transport.TCP, TCP);
        everybody("udp", Transport.UDP, UDP);
        scaledDown();
        if (!(stack.network() instanceof CloudNetwork)) {
            nobodyThere();
        }
        kubernetes.endpoints(NAME, endpoints(all.subList(0, all.size() - 1)));
        checks.check("service web follows its endpoints", () -> {
            boolean followed = Checks.eventually(() -> balancer(NAME)
                            .path("pools")
                            .valueStream()
                            .allMatch(pool -> pool.path("members").size() == all.size() - 1)
                    && active(NAME));
            return new Finding(followed, balancer(NAME).toString());
        });
    }

    private static List<Endpoint> endpoints(List<Pod> pods) {
        return pods.stream().map(Endpoint::of).toList();
    }

    private JsonNode balancer(String name) {
        return stack.lbCalls()
                .get("/v1/clusters/%s/load-balancers/%s/%s".formatted(Stack.CLUSTER, kubernetes.namespace(), name))
                .body();
    }

    private boolean active(String name) {
        return "active".equals(balancer(name).path("state").asString());
    }

    private void everybody(String way, Transport transport, int port) {
        for (Pod from : List.of(pods.get(0), pods.get(1))) {
            String name = "service %s %s from %s on %s: both nodes answer"
                    .formatted(way, address, from.name(), from.node().name());
            checks.check(name, () -> bothNodesAnswer(from.sandbox(), transport, address, port, pods));
        }
    }

    /** That an address comes to answer, and that then each of many calls is answered, by pods of both nodes. */
    static Finding bothNodesAnswer(PodSandbox from, Transport transport, String address, int port, List<Pod> pods) {
        AtomicReference<Calls> calls = new AtomicReference<>();
        // Members come one after another, and the first that is there answers all.
        boolean held = Checks.eventually(() -> {
            calls.set(Calls.make(from, transport, address, port, MANY));
            return byBothNodes(calls.get(), pods);
        });
        return new Finding(held, calls.toString());
    }

    private static boolean byBothNodes(Calls calls, List<Pod> pods) {
        Set<String> nodes = pods.stream()
                .filter(pod -> calls.answerers().contains(pod.name()))
                .map(pod -> pod.node().name())
                .collect(Collectors.toSet());
        return calls.allAnswered() && nodes.size() == 2;
    }

    /** Measured from the change's being sent to the API server until the last connection that the leaving member got. */
    private void scaledDown() {
        Pod leaving = pods.getLast();
        String shrinking = kubernetes.expose(SHRINKING, "ClusterIP", Transport.TCP);
        List<String> measured = new ArrayList<>();
        Checks.Check check = checks.check(
                "service scaled down: within a second %s gets no new connection".formatted(leaving.name()), () -> {
                    boolean held = false;
                    for (int i = 0; i < TRIES && !held; i++) {
                        kubernetes.endpoints(SHRINKING, endpoints(pods));
                        held = Checks.eventually(
                                        () -> Calls.make(pods.getFirst().sandbox(), Transport.TCP, shrinking, TCP, MANY)
                                                .answerers()
                                                .contains(leaving.name()))
                                && leaves(leaving, shrinking, measured);
                    }
                    return new Finding(held, measured.toString());
                });
        screen.say("            " + check.said());
        kubernetes.delete(SHRINKING);
    }

    private boolean leaves(Pod leaving, String shrinking, List<String> measured) throws InterruptedException {
        CompletableFuture<Calls> calling = CompletableFuture.supplyAsync(() -> Calls.make(
                pods.getFirst().sandbox(),
                Transport.TCP,
                shrinking,
                TCP,
                250 + LEAVES_WITHIN_MS / 50,
                Duration.ofMillis(10)));
        Thread.sleep(1_000); // so that calls are being made when the change is sent; they take 2.5 s and more
        double sent = System.currentTimeMillis();
        kubernetes.endpoints(SHRINKING, endpoints(pods.subList(0, pods.size() - 1)));
        Calls calls = calling.join();
        double last = calls.lastAnsweredBy(leaving.name()) - sent;
        double until = calls.all().getLast().at() - sent;
        measured.add("the last one came %.0f ms after the change was sent, of those in the next %.0f ms: %s"
                .formatted(last, until, calls));
        return last < LEAVES_WITHIN_MS && until > Math.max(last, 1_000) + 200 && calls.allAnswered();
    }

    private void nobodyThere() {
        String empty = kubernetes.expose("empty", "ClusterIP", Transport.TCP);
        checks.check("service without endpoints: refused, not swallowed", () -> {
            boolean refused =
                    Checks.eventually(() -> Calls.make(pods.getFirst().sandbox(), Transport.TCP, empty, TCP, 1)
                            .allRefused());
            Calls calls = Calls.make(pods.get(1).sandbox(), Transport.TCP, empty, TCP, 5);
            return new Finding(refused && calls.allRefused(), calls.toString());
        });
        kubernetes.delete("empty");
    }

    /** While it is stopped, whoever calls. */
    void answerWithoutControlPlane() {
        checks.check("service web answers all the same", () -> {
            Calls calls = Calls.make(pods.getFirst().sandbox(), Transport.TCP, address, TCP, MANY);
            return new Finding(byBothNodes(calls, pods), calls.toString());
        });
    }

    /** The balancers as lb-sync-service tells them. */
    static void show(Screen screen, RestCalls lb) {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode each : lb.get("/v1/clusters/" + Stack.CLUSTER + "/load-balancers")
                .body()
                .path("loadBalancers")) {
            String name =
                    each.path("namespace").asString() + "/" + each.path("name").asString();
            JsonNode one = lb.get("/v1/clusters/" + Stack.CLUSTER + "/load-balancers/" + name)
                    .body();
            for (JsonNode listener : one.path("listeners")) {
                rows.add(List.of(
                        name,
                        each.path("state").asString(),
                        listener.path("address").asString(),
                        listener.path("protocol").asString() + " "
                                + listener.path("port").asString(),
                        listener.path("reach").asString(),
                        members(one, listener.path("pool").asString())));
            }
        }
        screen.table(List.of("service", "state", "address", "port", "from", "answered by"), rows);
    }

    private static String members(JsonNode balancer, String pool) {
        List<String> members = new ArrayList<>();
        for (JsonNode each : balancer.path("pools")) {
            if (each.path("name").asString().equals(pool)) {
                each.path("members")
                        .forEach(member -> members.add(member.path("address").asString() + ":"
                                + member.path("port").asString()));
            }
        }
        return String.join(" ", members);
    }
}
