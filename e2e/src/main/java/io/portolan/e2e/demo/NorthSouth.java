package io.portolan.e2e.demo;

import io.portolan.e2e.demo.Checks.Finding;
import io.portolan.e2e.stack.Calls;
import io.portolan.e2e.stack.Calls.Transport;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.KubernetesApi.Endpoint;
import io.portolan.e2e.stack.Outside;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Responders;
import io.portolan.e2e.stack.Stack;
import io.portolan.testbed.Ping;
import io.portolan.testbed.PodSandbox;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import tools.jackson.databind.JsonNode;

/** The way in and out: somebody outside reaches a Service of type LoadBalancer, and a pod reaches the outside. */
final class NorthSouth {
    private static final String NAME = "public";

    private final Screen screen;
    private final Checks checks;
    private final Stack stack;
    private final KubernetesApi kubernetes;

    NorthSouth(Screen screen, Checks checks, Stack stack) {
        this.screen = screen;
        this.checks = checks;
        this.stack = stack;
        kubernetes = stack.kubernetes();
    }

    void run(Outside outside, List<Pod> pods) {
        screen.step("The cluster gets a gateway: the outside reaches a Service, pods reach the outside");
        String path = "/v1/clusters/" + Stack.CLUSTER + "/gateway";
        checks.check("north-south: the gateway is ready", () -> {
            stack.topologyCalls().put(path, outside.gateway()).ok();
            AtomicReference<JsonNode> seen = new AtomicReference<>();
            boolean ready = Checks.eventually(() -> {
                seen.set(stack.topologyCalls().get(path).body());
                return "ready".equals(seen.get().path("state").asString());
            });
            return new Finding(ready, String.valueOf(seen.get()));
        });
        Pod pod = pods.getFirst();
        checks.check("north-south: %s → %s, outside".formatted(pod.name(), outside.address()), () -> {
            boolean there = Checks.eventually(
                    () -> Calls.make(pod.sandbox(), Transport.TCP, outside.address(), Responders.TCP_PORT, 1)
                            .allAnswered());
            Ping ping = pod.sandbox().ping(outside.address(), 3);
            return new Finding(there && ping.answered(), ping.output());
        });
        floatingIp(outside, pods.get(1));
        kubernetes.expose(NAME, "LoadBalancer", Transport.TCP, Transport.UDP);
        kubernetes.endpoints(NAME, pods.stream().map(Endpoint::of).toList());
        AtomicReference<String> address = new AtomicReference<>("");
        checks.check("north-south: status.loadBalancer.ingress has an address", () -> {
            boolean given = Checks.eventually(() -> kubernetes.ingress(NAME).isPresent());
            address.set(kubernetes.ingress(NAME).orElse(""));
            return new Finding(given, address.get() + " " + kubernetes.events(NAME));
        });
        if (!address.get().isEmpty()) {
            bothNodes("tcp from outside", outside.sandbox(), Transport.TCP, address.get(), Services.TCP, pods);
            bothNodes("udp from outside", outside.sandbox(), Transport.UDP, address.get(), Services.UDP, pods);
            bothNodes("tcp from " + pod.name(), pod.sandbox(), Transport.TCP, address.get(), Services.TCP, pods);
        }
    }

    /** The pod that is annotated is reached at an address of its own, and speaks by it. */
    private void floatingIp(Outside outside, Pod pod) {
        kubernetes.annotate(pod.name(), "portolan.io/floating-ip", "auto");
        String path =
                "/v1/clusters/%s/floating-ips/pod.%s.%s".formatted(Stack.CLUSTER, kubernetes.namespace(), pod.name());
        checks.check(
                "north-south: %s has the floating address that its annotation asks for".formatted(pod.name()), () -> {
                    AtomicReference<JsonNode> seen = new AtomicReference<>();
                    boolean active = Checks.eventually(() -> {
                        seen.set(stack.topologyCalls().get(path).body());
                        return "active".equals(seen.get().path("state").asString());
                    });
                    String address = seen.get().path("address").asString("");
                    boolean reached = active
                            && Checks.eventually(
                                    () -> Calls.make(outside.sandbox(), Transport.TCP, address, Responders.TCP_PORT, 1)
                                            .answerers()
                                            .contains(pod.name()));
                    boolean told = Checks.eventually(
                            () -> kubernetes.events(pod.name()).toString().contains(address));
                    return new Finding(reached && told, seen.get() + " " + kubernetes.events(pod.name()));
                });
    }

    private void bothNodes(String way, PodSandbox from, Transport transport, String address, int port, List<Pod> pods) {
        checks.check(
                "north-south %s → %s: both nodes answer".formatted(way, address),
                () -> Services.bothNodesAnswer(from, transport, address, port, pods));
    }
}
