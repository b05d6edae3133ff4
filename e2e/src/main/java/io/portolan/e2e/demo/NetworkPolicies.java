package io.portolan.e2e.demo;

import io.portolan.e2e.demo.Checks.Finding;
import io.portolan.e2e.stack.Calls;
import io.portolan.e2e.stack.Calls.Transport;
import io.portolan.e2e.stack.KubernetesApi;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Responders;
import io.portolan.e2e.stack.Stack;
import java.util.List;
import java.util.Map;

/** A NetworkPolicy narrows what the profiles of a running pod allow, and is taken back. */
final class NetworkPolicies {
    private static final String POLICY = "friends-only";
    private static final String ROLE = "portolan.io/demo-role";
    private static final int FEW = 2;

    private final Screen screen;
    private final Checks checks;
    private final Stack stack;
    private final KubernetesApi kubernetes;

    NetworkPolicies(Screen screen, Checks checks, Stack stack) {
        this.screen = screen;
        this.checks = checks;
        this.stack = stack;
        kubernetes = stack.kubernetes();
    }

    /** @param defaults the profiles that the cluster has declared */
    void run(List<Pod> pods, List<String> defaults) {
        screen.step("A NetworkPolicy: of what the profiles let through, what it lets through");
        stack.securityCalls()
                .put(
                        "/v1/clusters/" + Stack.CLUSTER + "/security",
                        Map.of(
                                "defaultProfiles",
                                defaults,
                                "networkPolicies",
                                Map.of("kubernetes", Map.of("secretRef", Stack.KUBERNETES_SECRET))))
                .ok();
        Pod server = pods.get(1);
        Pod friend = pods.get(0);
        Pod stranger = pods.get(2);
        List.of(server, friend, stranger).forEach(pod -> kubernetes.runs(pod.name(), pod.address()));
        kubernetes.label(server.name(), ROLE, "server");
        kubernetes.label(friend.name(), ROLE, "friend");
        kubernetes.letIn(POLICY, Map.of(ROLE, "server"), Map.of(ROLE, "friend"), Responders.TCP_PORT);
        checks.check("security: a NetworkPolicy keeps %s from %s".formatted(stranger.name(), server.name()), () -> {
            boolean shut =
                    Checks.eventually(() -> call(stranger, server).answerers().isEmpty());
            return new Finding(shut, call(stranger, server).toString());
        });
        checks.check("security: it lets %s speak to %s".formatted(friend.name(), server.name()), () -> {
            boolean there = Checks.eventually(() -> call(friend, server).allAnswered());
            return new Finding(there, call(friend, server).toString());
        });
        checks.check("security: without the NetworkPolicy %s is answered again".formatted(stranger.name()), () -> {
            kubernetes.withdraw(POLICY);
            boolean open = Checks.eventually(() -> call(stranger, server).allAnswered());
            return new Finding(open, call(stranger, server).toString());
        });
    }

    private static Calls call(Pod from, Pod to) {
        return Calls.make(from.sandbox(), Transport.TCP, to.address(), Responders.TCP_PORT, FEW);
    }
}
