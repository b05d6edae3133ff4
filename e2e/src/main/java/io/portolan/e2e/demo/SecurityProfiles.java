package io.portolan.e2e.demo;

import io.portolan.e2e.demo.Checks.Finding;
import io.portolan.e2e.stack.Calls;
import io.portolan.e2e.stack.Calls.Transport;
import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Responders;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.testbed.PodSandbox;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** Ports are closed unless a profile opens them; a pod names its profiles, and its port waits in them already. */
final class SecurityProfiles {
    private static final String CLUSTER = "/v1/clusters/" + Stack.CLUSTER;
    private static final String NAMED_BY = "portolan.io/security-profiles";

    /** The profile of pods that name none: to them nothing changes. */
    static final String OPEN = "open";

    /** The profile of a pod that serves the web and nothing else. */
    private static final String WEB = "web";

    /** A profile that pods of this namespace may not name. */
    private static final String FOREIGN = "others-only";

    private static final int POOL = 2;
    private static final int MANY = 20;

    private final Screen screen;
    private final Checks checks;
    private final Stack stack;
    private final RestCalls security;
    private final KubernetesApi kubernetes;

    SecurityProfiles(Screen screen, Checks checks, Stack stack) {
        this.screen = screen;
        this.checks = checks;
        this.stack = stack;
        security = stack.securityCalls();
        kubernetes = stack.kubernetes();
    }

    void run(List<Worker> workers, List<Pod> pods) {
        screen.step("Security profiles: what no profile lets through is dropped, from the first packet");
        Pod caller = pods.getFirst();
        Worker worker = workers.getLast();
        checks.check(
                "security: profiles and a pool are declared, ports are closed unless they are in one", this::declare);
        checks.check("security: pods that run are in the default profile, and go on", () -> {
            boolean named = workers.stream().allMatch(each -> Checks.eventually(() -> allIn(each, OPEN)));
            Calls calls =
                    Calls.make(caller.sandbox(), Transport.TCP, pods.get(1).address(), Responders.TCP_PORT, MANY);
            return new Finding(named && calls.allAnswered(), calls.toString());
        });
        checks.check("security: %d free ports of each node wait in the profile".formatted(POOL), () -> {
            boolean waiting = workers.stream().allMatch(each -> Checks.eventually(() -> waiting(each, WEB) >= POOL));
            return new Finding(waiting, ports(worker));
        });
        double hits = hits(worker);
        UUID uid = kubernetes.pod("pod-web", worker.host(), Map.of(NAMED_BY, WEB));
        Pod web = stack.runtime().start(worker.host(), "pod-web", uid);
        checks.check(
                "security: pod-web names the profile and gets a port that waited in it",
                () -> new Finding(
                        web.added().ok() && hits(worker) == hits + 1,
                        web.added().json().toString()));
        if (web.added().ok()) {
            stack.respond(web);
            flows(caller.sandbox(), web);
            checks.check("security: pod-web is annotated otherwise, and answers a ping", () -> {
                kubernetes.annotate(web.name(), NAMED_BY, OPEN);
                boolean answers = Checks.eventually(
                        () -> caller.sandbox().ping(web.address(), 1).answered());
                return new Finding(answers, ports(worker));
            });
            checks.check("security: DEL pod-web", () -> {
                CniAnswer deleted = stack.runtime().stop(web);
                return new Finding(deleted.ok(), deleted.json().toString());
            });
        }
        notAllowed(worker);
    }

    private Finding declare() {
        profile(OPEN, Map.of("rules", List.of(Map.of("direction", "ingress"), Map.of("direction", "egress"))));
        profile(
                WEB,
                Map.of(
                        "rules",
                        List.of(
                                Map.of(
                                        "direction",
                                        "ingress",
                                        "protocol",
                                        "tcp",
                                        "ports",
                                        Map.of("first", Responders.TCP_PORT)),
                                Map.of("direction", "egress"))));
        profile(FOREIGN, Map.of("namespaces", List.of("others"), "rules", List.of(Map.of("direction", "ingress"))));
        security.put(CLUSTER + "/profile-pools/" + WEB, Map.of("profiles", List.of(WEB), "size", POOL))
                .ok();
        security.put(CLUSTER + "/security", Map.of("defaultProfiles", List.of(OPEN)))
                .ok();
        boolean ready = Checks.eventually(() -> state("/security").equals("ready"))
                && Checks.eventually(() -> state("/security-profiles/" + WEB).equals("ready"));
        return new Finding(ready, security.get(CLUSTER + "/security").body().toString());
    }

    private void profile(String name, Map<String, Object> claim) {
        security.put(CLUSTER + "/security-profiles/" + name, claim).ok();
    }

    private String state(String of) {
        return security.get(CLUSTER + of).body().path("state").asString("");
    }

    private static String ports(Worker worker) {
        return worker.introspection().get("/v1/ports").body().toString();
    }

    private static boolean in(JsonNode what, String profile) {
        JsonNode profiles = what.path("profiles");
        return profiles.size() == 1 && profiles.get(0).asString().equals(profile);
    }

    private static boolean allIn(Worker worker, String profile) {
        JsonNode pods = worker.introspection().get("/v1/pods").body().path("pods");
        return !pods.isEmpty() && pods.valueStream().allMatch(pod -> in(pod, profile));
    }

    private static long waiting(Worker worker, String profile) {
        return worker.introspection()
                .get("/v1/ports")
                .body()
                .path("ports")
                .valueStream()
                .filter(port -> port.path("state").asString().equals("free") && in(port, profile))
                .count();
    }

    /** How many pods of this node got a port that was in their profiles already. */
    private static double hits(Worker worker) {
        return worker.introspection()
                .text("/metrics")
                .lines()
                .filter(line -> line.startsWith("portolan_pool_starts_total") && line.contains("result=\"hit\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private void flows(PodSandbox from, Pod web) {
        checks.check("security: tcp %d of pod-web is allowed".formatted(Responders.TCP_PORT), () -> {
            boolean there =
                    Checks.eventually(() -> Calls.make(from, Transport.TCP, web.address(), Responders.TCP_PORT, 1)
                            .allAnswered());
            Calls calls = Calls.make(from, Transport.TCP, web.address(), Responders.TCP_PORT, MANY);
            return new Finding(there && calls.allAnswered(), calls.toString());
        });
        checks.check("security: udp %d of pod-web is denied".formatted(Responders.UDP_PORT), () -> {
            Calls calls = Calls.make(from, Transport.UDP, web.address(), Responders.UDP_PORT, 2);
            return new Finding(calls.answerers().isEmpty(), calls.toString());
        });
        checks.check("security: a ping to pod-web is denied", () -> {
            var ping = from.ping(web.address(), 2);
            return new Finding(!ping.answered(), ping.output());
        });
    }

    private void notAllowed(Worker worker) {
        checks.check("security: a pod that may not name its profile does not start, and is told why", () -> {
            UUID uid = kubernetes.pod("pod-cheeky", worker.host(), Map.of(NAMED_BY, FOREIGN));
            Pod cheeky = stack.runtime().start(worker.host(), "pod-cheeky", uid);
            boolean told = Checks.eventually(
                    () -> kubernetes.events("pod-cheeky").toString().contains(FOREIGN));
            stack.runtime().stop(cheeky);
            return new Finding(
                    !cheeky.added().ok() && told, cheeky.added().json() + " " + kubernetes.events("pod-cheeky"));
        });
    }
}
