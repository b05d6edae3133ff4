package io.portolan.bench;

import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.testbed.Command;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/**
 * From ADD's start to the first answered ping from the pod to one on another node, with 100 nodes of 61 ports in OVN; in turn with
 * a port that is made in the northbound database when its pod starts, as in designs without ports ahead of time: an insertion, a
 * veth, a port of the bridge, {@code ovn-installed}, an address.
 */
final class FirstPing implements Harness {
    private static final int NODES = 100;
    private static final int ROUNDS = 20;
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final String CLUSTER = "/v1/clusters/" + Stack.CLUSTER;
    private static final String SWITCH = "bare";

    @Override
    public String name() {
        return "first-ping";
    }

    @Override
    public List<Figure> measure() {
        Workspace workspace = Workspace.create();
        Bench.say("starting services and two nodes");
        try (Stack stack = Stack.start(
                        workspace, Stack.Mode.OVERLAY, Path.of("").toAbsolutePath(), Stack.Progress.SILENT);
                OvsdbClient northbound = OvsdbClient.open(
                        OvsdbOptions.of(stack.central().northbound().unixRemote(), "OVN_Northbound"))) {
            stack.declareCluster();
            Worker here = stack.addNode("node-1").join();
            Worker there = stack.addNode("node-2").join();
            Bench.say("%d nodes more".formatted(NODES - 2));
            declareOthers(stack);
            String target = started(stack, there, "target").address();
            bareSwitch(stack, (NodeHost) here.host());
            stack.central().awaitInstalled();
            List<Long> ours = new ArrayList<>();
            List<Long> theirs = new ArrayList<>();
            for (int i = -2; i < ROUNDS; i++) { // the first two warm both up
                long one = ours(stack, here, "pod-" + (i + 2), target);
                long other = theirs(workspace, northbound, (NodeHost) here.host(), i + 2, target);
                if (i >= 0) {
                    ours.add(one);
                    theirs.add(other);
                }
            }
            Samples ahead = new Samples(ours);
            Samples then = new Samples(theirs);
            Bench.say("ahead of time: %s; at pod time: %s".formatted(ahead, then));
            return List.of(
                    Figure.ratio("ADD to first answered ping, p50", ahead.median(), then.median(), "ms", 0.3),
                    Figure.ratio(
                            "ADD to first answered ping, longest", ahead.percentile(1), then.percentile(1), "ms", 0.3));
        }
    }

    private static void declareOthers(Stack stack) {
        for (int i = 3; i <= NODES; i++) {
            stack.topologyCallsOf("node-" + i)
                    .put(
                            CLUSTER + "/nodes/node-" + i,
                            Map.of(
                                    "cpus",
                                    64,
                                    "memoryMiB",
                                    262_144,
                                    "maxPods",
                                    61,
                                    "chassis",
                                    "chassis-" + i,
                                    "agent",
                                    UUID.randomUUID()))
                    .ok();
        }
        RestCalls topology = stack.topologyCalls();
        await(() -> {
            JsonNode ports = topology.get(CLUSTER).ok().path("ports");
            return ports.path("planned").asInt() + ports.path("provisioning").asInt() == 0
                    && ports.path("free").asInt() >= (NODES - 2) * 61;
        });
    }

    private static void await(BooleanSupplier so) {
        Awaitility.await().atMost(LONG).pollInterval(Duration.ofMillis(200)).until(so::getAsBoolean);
    }

    private static Pod started(Stack stack, Worker node, String name) {
        UUID uid = stack.kubernetes().pod(name, node.host(), Map.of());
        Pod sandbox = stack.runtime().sandbox(node.host(), name, uid);
        CniAnswer added = stack.runtime().call("ADD", sandbox);
        if (!added.ok()) {
            throw new IllegalStateException("ADD: " + added.json());
        }
        return sandbox.with(added);
    }

    private static long ours(Stack stack, Worker node, String name, String target) {
        UUID uid = stack.kubernetes().pod(name, node.host(), Map.of());
        Pod pod = stack.runtime().sandbox(node.host(), name, uid);
        rest();
        long begin = System.nanoTime();
        CniAnswer added = stack.runtime().call("ADD", pod);
        if (!added.ok()) {
            throw new IllegalStateException("ADD: " + added.json());
        }
        answered(pod.sandbox(), target);
        long took = System.nanoTime() - begin;
        stack.runtime().stop(pod);
        stack.kubernetes().deletePod(name);
        return took;
    }

    /** What a start leaves to be done is done before the next one is measured. */
    private static void rest() {
        try {
            Thread.sleep(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks every 5 ms until there is an answer. */
    private static void answered(PodSandbox pod, String target) {
        Command.Result result = pod.namespace()
                .command("ping", "-n", "-q", "-i", "0.005", "-c", "1", "-w", "20", target)
                .run();
        if (!result.succeeded()) {
            throw new IllegalStateException("nobody answered: " + result.stdout());
        }
    }

    /** Another switch of the same router, on this node, whose ports are made when their pods start. */
    private static void bareSwitch(Stack stack, NodeHost node) {
        String router = stack.central()
                .nbctl("--bare", "--columns=_uuid", "list", "Logical_Router")
                .strip();
        stack.central()
                .nbctl(
                        ("ls-add bare -- lrp-add %s bare-rp 0a:58:0a:63:00:01 10.99.0.1/24 -- lrp-set-gateway-chassis bare-rp %s"
                                        + " -- lsp-add bare bare-sp -- lsp-set-type bare-sp router"
                                        + " -- lsp-set-addresses bare-sp router -- lsp-set-options bare-sp router-port=bare-rp")
                                .formatted(router, node.chassis())
                                .split(" "));
    }

    private static long theirs(Workspace workspace, OvsdbClient northbound, NodeHost node, int number, String target) {
        PodSandbox pod = PodSandbox.create(workspace, "bare-" + number);
        String port = "bare-" + number;
        String mac = "0a:58:0a:63:00:%02x".formatted(number + 2);
        String address = "10.99.0." + (number + 2);
        UUID row = UUID.randomUUID();
        rest();
        long begin = System.nanoTime();
        northbound.transact(
                Operation.insert(
                                "Logical_Switch_Port",
                                Row.empty()
                                        .with("name", port)
                                        .with("addresses", mac + " " + address)
                                        .with("port_security", mac + " " + address))
                        .withId(row),
                Operation.mutate(
                        "Logical_Switch",
                        Mutation.insert("ports", Value.uuids(List.of(row))),
                        Condition.is("name", SWITCH)));
        String host = "bh" + number;
        node.namespace()
                .ip(
                        "link add %s mtu %d type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        host,
                                        NodeHost.POD_MTU,
                                        mac,
                                        NodeHost.POD_MTU,
                                        pod.namespace().name()),
                        "link set %s up".formatted(host));
        // The switch of these machines works in user space, which needs this; ours has the same done ahead.
        node.namespace().withoutOffloads(host);
        pod.namespace().withoutOffloads("eth0");
        node.vsctl("--", "add-port", "br-int", host, "--", "set", "Interface", host, "external_ids:iface-id=" + port);
        pod.namespace()
                .ip(
                        "addr add %s/24 dev eth0".formatted(address),
                        "link set eth0 up",
                        "route add default via 10.99.0.1");
        node.vsctl("wait-until", "Interface", host, "external_ids:ovn-installed=true");
        answered(pod, target);
        long took = System.nanoTime() - begin;
        node.vsctl("del-port", "br-int", host);
        northbound.transact(Operation.mutate(
                "Logical_Switch", Mutation.delete("ports", Value.uuids(List.of(row))), Condition.is("name", SWITCH)));
        pod.close();
        return took;
    }
}
