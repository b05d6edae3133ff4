package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.model.Cidr;
import io.portolan.model.api.NodeView;
import io.portolan.topology.cluster.ClusterView;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResilienceTest {
    private TopologyWorld world;

    @BeforeEach
    void start() {
        world = new TopologyWorld();
    }

    @AfterEach
    void stop() {
        world.close();
    }

    private static double meter(Http http, String line) {
        Matcher found = Pattern.compile("^" + line + " (\\S+)$", Pattern.MULTILINE)
                .matcher(http.get("/actuator/prometheus").body());
        return found.find() ? Double.parseDouble(found.group(1)) : 0;
    }

    private double breaker(String cluster, String state) {
        return meter(
                world.http(),
                "resilience4j_circuitbreaker_state\\{[^}]*name=\"sdn-" + cluster + "\",state=\"" + state + "\"[^}]*}");
    }

    @Test
    void aNetworkThatIsDownOpensItsBreakerAndNoProbeFails() {
        world.start("portolan.topology.clusters.resync=300ms");
        String sick = TopologyWorld.name();
        String well = TopologyWorld.name();
        ClusterView cluster = world.ready(sick, "10.4.0.0/16");
        world.join(sick, "node-1");
        world.ready(well, "10.4.0.0/16");
        world.network.of(cluster.id()).down = true;
        await().atMost(TopologyWorld.LONG).until(() -> breaker(sick, "open") == 1);
        assertThat(world.clusterIs(sick, "failed").stateReason()).contains("the network");
        assertThat(world.node(sick, "node-1").state()).isEqualTo("ready");
        Http.Answer health = world.http().get("/actuator/health").assertStatus(200);
        assertThat(health.json().path("status").asString()).isEqualTo("DEGRADED");
        assertThat(health.json()
                        .path("components")
                        .path("networks")
                        .path("details")
                        .propertyNames())
                .containsExactly(sick);
        assertThat(world.http()
                        .get("/actuator/health/liveness")
                        .assertStatus(200)
                        .json()
                        .path("status")
                        .asString())
                .isEqualTo("UP");
        world.http().get("/actuator/health/readiness").assertStatus(200);
        int asked = world.network.of(cluster.id()).calls.get();
        assertThat(world.join(well, "node-1").ports().free()).isEqualTo(29);
        assertThat(world.network.of(cluster.id()).calls.get())
                .as("an open breaker spares the network")
                .isLessThan(asked + 30);
        world.network.of(cluster.id()).down = false;
        await().atMost(TopologyWorld.LONG).until(() -> breaker(sick, "closed") == 1);
        world.clusterIs(sick, "ready");
        assertThat(world.http().get("/actuator/health").json().path("status").asString())
                .isEqualTo("UP");
    }

    @Test
    void aNetworkThatHangsDelaysNoOther() {
        world.start("resilience4j.timelimiter.configs.sdn.timeout-duration=2s");
        String slow = TopologyWorld.name();
        String well = TopologyWorld.name();
        ClusterView cluster = world.ready(slow, "10.4.0.0/16");
        world.ready(well, "10.4.0.0/16");
        CountDownLatch hanging = new CountDownLatch(1);
        world.network.of(cluster.id()).hanging = hanging;
        IntStream.range(0, 40)
                .forEach(i -> world.http()
                        .put("/v1/clusters/" + slow + "/nodes/node-" + i, TopologyWorld.registration("chassis-" + i))
                        .assertStatus(201));
        for (int i = 0; i < 3; i++) {
            assertThat(world.join(well, "node-" + i).ports().free()).isEqualTo(29);
        }
        NodeView waiting = world.node(slow, "node-7");
        assertThat(waiting.state()).isEqualTo("joining");
        world.network.of(cluster.id()).hanging = null;
        hanging.countDown();
        IntStream.range(0, 40).forEach(i -> world.nodeIs(slow, "node-" + i, "ready"));
        assertThat(world.cluster(slow).ports().free()).isEqualTo(40 * 29);
    }

    @Test
    void lesson14ThreeReplicasMakeNoMorePortsAtOnceThanTheBudgetHas() {
        String[] budget = {
            "portolan.topology.budget.ports=64",
            "portolan.topology.budget.call=32",
            "portolan.topology.budget.cluster-share=1.0"
        };
        List<TopologyReplica> replicas =
                IntStream.range(0, 3).mapToObj(i -> world.start(budget)).toList();
        String name = TopologyWorld.name();
        world.ready(name, "10.4.0.0/16");
        world.network.dawdleMillis = 100;
        IntStream.range(0, 16)
                .forEach(i -> replicas.get(i % 3)
                        .http()
                        .put("/v1/clusters/" + name + "/nodes/node-" + i, TopologyWorld.registration("chassis-" + i))
                        .assertStatus(201));
        IntStream.range(0, 16).forEach(i -> world.nodeIs(name, "node-" + i, "ready"));
        assertThat(world.network.mostPortsInTheMaking()).isGreaterThan(32).isLessThanOrEqualTo(64);
        assertThat(world.cluster(name).ports().free()).isEqualTo(16 * 29);
        assertThat(replicas.stream()
                        .mapToDouble(r -> meter(r.http(), "portolan_budget_refusals_total(?:\\{[^}]*})?"))
                        .sum())
                .isPositive();
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(() -> assertThat(replicas.stream()
                                .mapToDouble(r -> meter(r.http(), "portolan_budget_slots_held(?:\\{[^}]*})?"))
                                .sum())
                        .isZero());
    }

    @Test
    void aRouterIsAdoptedAndLeftBehind() {
        world.start();
        String lost = TopologyWorld.name();
        world.http()
                .put(
                        "/v1/clusters/" + lost,
                        TopologyWorld.with(TopologyWorld.spec("10.4.0.0/16"), "routerId", "router-x"))
                .assertStatus(201);
        assertThat(world.clusterIs(lost, "failed").stateReason())
                .isEqualTo("the network refuses: there is no router router-x");
        assertThat(breaker(lost, "closed"))
                .as("a refusal is no failure of the network")
                .isEqualTo(1);
        assertThat(meter(
                        world.http(),
                        "resilience4j_circuitbreaker_failure_rate\\{[^}]*name=\"sdn-" + lost + "\"[^}]*}"))
                .isLessThanOrEqualTo(0);

        world.network.foreignRouter("router-1", Cidr.parse("192.168.7.0/24"));
        String name = TopologyWorld.name();
        world.http()
                .put(
                        "/v1/clusters/" + name,
                        TopologyWorld.with(TopologyWorld.spec("10.4.0.0/16"), "routerId", "router-1"))
                .assertStatus(201);
        ClusterView cluster = world.clusterIs(name, "ready");
        assertThat(cluster.routerId()).isEqualTo("router-1");
        world.join(name, "node-1");
        assertThat(world.network.of(cluster.id()).memory.ownRouter()).isEmpty();
        world.http().delete("/v1/clusters/" + name).assertStatus(204);
        world.clusterIsGone(name);
        assertThat(world.network.of(cluster.id()).everything()).isEmpty();
        assertThat(world.dump(name)).isEmpty();
    }

    @Test
    void aClusterWaitsForItsPodsUnlessForced() {
        world.start();
        String name = TopologyWorld.name();
        world.ready(name, "10.4.0.0/16");
        NodeView node = world.join(name, "node-1");
        world.ipam()
                .post(
                        "/v1/nodes/" + node.id() + "/claims",
                        java.util.Map.of("claim", java.util.UUID.randomUUID(), "epoch", 1, "count", 2))
                .assertStatus(200);
        world.http().delete("/v1/clusters/" + name).assertStatus(204);
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(() -> assertThat(world.cluster(name).stateReason())
                        .startsWith("waits for 1 nodes: node-1 (waits for 2 leased ports"));
        world.http()
                .put("/v1/clusters/" + name + "/nodes/node-2", TopologyWorld.registration("c2"))
                .assertProblem(409, "cluster-deleting", "cluster");
        world.http()
                .put("/v1/clusters/" + name, TopologyWorld.spec("10.4.0.0/16"))
                .assertProblem(409, "cluster-deleting", "");
        world.http().delete("/v1/clusters/" + name + "?force=true").assertStatus(204);
        world.clusterIsGone(name);
        assertThat(world.dump(name)).isEmpty();
    }
}
