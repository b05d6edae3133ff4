package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.e2e.stack.CloudNetwork;
import io.portolan.e2e.stack.CloudTenant;
import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.Observed;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.e2e.stack.StackNetwork;
import io.portolan.testbed.FaultyProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Real services on a real Keystone, Neutron and OVN; the pods' nodes are VMs. */
class UnderlayTest {
    private static final Duration LIMIT = SharedStack.LIMIT;
    private static final String NODES = "/v1/clusters/" + Stack.CLUSTER + "/nodes/";

    /** How many of the calls of a node's filling are each the last one before topology-service dies; all take minutes. */
    private static final int KILLS = Integer.getInteger("underlay.kills", 3);

    private final SharedStack shared = SharedStack.get(Stack.Mode.UNDERLAY);
    private final Stack stack = shared.stack();
    private final CloudNetwork cloud = (CloudNetwork) stack.network();
    private final Observed observed = new Observed(stack);

    private JsonNode node(String name) {
        return stack.topologyCalls().get(NODES + name).body();
    }

    private void register(String name, String vif) {
        stack.topologyCallsOf(name)
                .put(
                        NODES + name,
                        Map.of(
                                "cpus", 1,
                                "memoryMiB", 1024,
                                "maxPods", 12,
                                "parentPort", vif,
                                "agent", UUID.randomUUID().toString()))
                .ok();
    }

    private void awaitFilled(String name) {
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(300)).untilAsserted(() -> {
            JsonNode node = node(name);
            assertThat(node.path("state").asString()).as(node.toString()).isEqualTo("ready");
            assertThat(node.path("ports").path("free").asInt())
                    .as(node.toString())
                    .isGreaterThan(10);
        });
    }

    private void awaitLedgerAndCloudAgree() {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(observed.portsInCloud(cloud.tenant()))
                        .isEqualTo(observed.portsInLedgerOf(Stack.CLUSTER)));
    }

    @Test
    void aNodeIsFilledOnceWhereverTopologyServiceIsKilled() throws InterruptedException {
        Map<String, Integer> before = observed.marksInCloud(cloud.tenant());
        String first = cloud.tenant().plug("vm-count").vif();
        cloud.neutron().forgetCalls();
        register("counted", first);
        awaitFilled("counted");
        int calls = cloud.neutron().calls().size();
        System.out.printf("Neutron calls while a node of a /28 was filled, resyncs of others included: %d%n", calls);
        assertThat(calls).isGreaterThanOrEqualTo(5);
        int kills = Math.min(KILLS, calls);
        for (int i = 0; i < kills; i++) {
            killAfter(calls * i / kills, "killed-" + i);
        }
        awaitLedgerAndCloudAgree();
        Map<String, Integer> after = observed.marksInCloud(cloud.tenant());
        int nodes = kills + 1;
        assertThat(after)
                .as("a network, a subnet, a gateway port and a trunk a node")
                .containsEntry("networks", before.get("networks") + nodes)
                .containsEntry("subnets", before.get("subnets") + nodes)
                .containsEntry("ports", before.get("ports") + nodes)
                .containsEntry("trunks", before.get("trunks") + nodes);
        for (int i = 0; i < kills; i++) {
            stack.topologyCalls().delete(NODES + "killed-" + i);
        }
        stack.topologyCalls().delete(NODES + "counted");
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(
                        () -> assertThat(observed.marksInCloud(cloud.tenant())).isEqualTo(before));
    }

    private void killAfter(int calls, String name) throws InterruptedException {
        String vif = cloud.tenant().plug("vm-" + name).vif();
        CountDownLatch killed = new CountDownLatch(1);
        cloud.neutron().on(FaultyProxy.ANY, ".*").skip(calls).times(1).after(call -> {
            stack.topology().kill9();
            killed.countDown();
        });
        register(name, vif);
        assertThat(killed.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        cloud.neutron().heal();
        stack.topology().start();
        awaitFilled(name);
    }

    @Test
    void aCloudThatIsGoneStopsNoPodAndFillingResumes() {
        String vif = cloud.tenant().plug("vm-brown").vif();
        cloud.neutron().refuse();
        try {
            register("brown", vif);
            Pod pod = stack.runtime().start(shared.worker().host(), "pod-brown");
            assertThat(pod.added()).returns(0, CniAnswer::exitCode);
            assertThat(stack.runtime().stop(pod)).returns(0, CniAnswer::exitCode);
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(300))
                    .untilAsserted(
                            () -> assertThat(node("brown").path("stateProblem").asString())
                                    .isEqualTo("network-unavailable"));
            assertThat(stack.topologyCalls().answers("/actuator/health/liveness"))
                    .isTrue();
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(300))
                    .untilAsserted(() -> assertThat(stack.topologyCalls().text("/actuator/health"))
                            .contains("DEGRADED", Stack.CLUSTER));
            cloud.neutron().heal();
            awaitFilled("brown");
            awaitLedgerAndCloudAgree();
        } finally {
            cloud.neutron().heal();
            stack.topologyCalls().delete(NODES + "brown");
            await().atMost(LIMIT)
                    .until(() -> stack.topologyCalls().get(NODES + "brown").status() == 404);
        }
    }

    @Test
    void projectsAndAnOverlayWithTheSameAddressesDoNotMeet() {
        CloudTenant green = cloud.newTenant("green");
        stack.giveSecret("green", cloud.cloudsYaml(green.project()));
        stack.declare("green", cloud.clusterSpec(green, "green"));
        List<Worker> workers = new ArrayList<>();
        for (String name : List.of("green-1", "green-2")) {
            Worker worker = stack.join("green", cloud, green.plug(name));
            workers.add(worker);
            shared.awaitServing(worker);
        }
        StackNetwork ovn = stack.overlayBeside();
        stack.declare("over", ovn.clusterSpec());
        Worker over = stack.join("over", ovn, ovn.addHost("over-1"));
        shared.awaitServing(over);
        List<Pod> overs = List.of(
                stack.runtime().start(over.host(), "pod-over-1"),
                stack.runtime().start(over.host(), "pod-over-2"));
        assertThat(overs).allSatisfy(pod -> assertThat(pod.added()).returns(0, CniAnswer::exitCode));
        assertThat(overs.get(0).sandbox().ping(overs.get(1).address(), 5).answered())
                .isTrue();
        Pod blue = stack.runtime().start(shared.worker().host(), "pod-blue");
        List<Pod> greens = workers.stream()
                .map(worker -> stack.runtime()
                        .start(worker.host(), "pod-" + worker.host().name()))
                .toList();
        assertThat(blue.added()).returns(0, CniAnswer::exitCode);
        assertThat(greens).allSatisfy(pod -> assertThat(pod.added()).returns(0, CniAnswer::exitCode));
        assertThat(greens.get(0).sandbox().ping(greens.get(1).address(), 5).answered())
                .isTrue();
        assertThat(observed.portsInLedgerOf(Stack.CLUSTER).values())
                .as("both clusters have addresses of the same block")
                .containsAnyElementsOf(observed.portsInLedgerOf("green").values());
        String notOfBlue = greens.stream()
                .map(Pod::address)
                .filter(address ->
                        !observed.portsInLedgerOf(Stack.CLUSTER).toString().contains(" " + address))
                .findFirst()
                .orElse("10.4.255.250");
        assertThat(blue.sandbox().ping(notOfBlue, 3).answered()).isFalse();
        assertThat(observed.portsInCloud(green)).isEqualTo(observed.portsInLedgerOf("green"));
        assertThat(observed.portsInLedgerOf("green").values())
                .as("and so has the overlay")
                .containsAnyElementsOf(observed.portsInLedgerOf("over").values());
        overs.forEach(pod -> assertThat(stack.runtime().stop(pod)).returns(0, CniAnswer::exitCode));
        greens.forEach(pod -> assertThat(stack.runtime().stop(pod)).returns(0, CniAnswer::exitCode));
        assertThat(stack.runtime().stop(blue)).returns(0, CniAnswer::exitCode);
    }
}
