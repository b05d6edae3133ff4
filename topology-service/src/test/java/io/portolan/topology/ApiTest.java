package io.portolan.topology;

import static io.portolan.topology.TopologyWorld.spec;
import static io.portolan.topology.TopologyWorld.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ipam.Http;
import io.portolan.kit.document.KeptDocument;
import io.portolan.model.api.NodeView;
import io.portolan.topology.cluster.ClusterView;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ApiTest {
    private static TopologyWorld world;

    @BeforeAll
    static void start() {
        world = new TopologyWorld();
        world.start("portolan.topology.node-lease=1h");
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    private static Http http() {
        return world.http();
    }

    static Stream<Arguments> badClusters() {
        Map<String, Object> good = spec("10.4.0.0/16");
        return Stream.of(
                Arguments.of(spec("10.4.0.1/16"), "invalid", "podCidrs[0]"),
                Arguments.of(spec("10.4.0.0/16", "10.4.128.0/17"), "invalid", "podCidrs[1]"),
                Arguments.of(spec("10.4.0.0/16", "10.5.0.0/33"), "invalid", "podCidrs[1]"),
                Arguments.of(spec("fd00::/64"), "not-supported", "podCidrs[0]"),
                Arguments.of(spec("10.4.0.0/30"), "prefix-too-small", "podCidrs[0]"),
                Arguments.of(spec("10.0.0.0/7"), "invalid", "podCidrs[0]"),
                Arguments.of(spec("224.0.0.0/8"), "invalid", "podCidrs[0]"),
                Arguments.of(spec(), "invalid", "podCidrs"),
                Arguments.of(with(good, "serviceCidr", "10.4.7.0/24"), "invalid", "serviceCidr"),
                Arguments.of(with(good, "serviceCidr", "fd00::/108"), "not-supported", "serviceCidr"),
                Arguments.of(with(good, "mtu", 60), "invalid", "mtu"),
                Arguments.of(with(good, "mtu", 100_000), "invalid", "mtu"),
                Arguments.of(with(good, "leaseBatch", 0), "invalid", "leaseBatch"),
                Arguments.of(with(good, "warmHeadroom", -1), "invalid", "warmHeadroom"),
                Arguments.of(with(good, "cooldownSeconds", 1_000_000), "invalid", "cooldownSeconds"),
                Arguments.of(with(good, "sizing", sizing(0, 5)), "invalid", "sizing"),
                Arguments.of(with(good, "sizing", sizing(300, 200)), "invalid", "sizing"),
                Arguments.of(
                        with(good, "nodeClasses", Map.of("big", sizing(9_000, 9_000))), "invalid", "nodeClasses.big"),
                Arguments.of(with(good, "nodeClasses", Map.of("Big!", sizing(5, 50))), "invalid", "nodeClasses.Big!"),
                Arguments.of(with(good, "mode", "underlay"), "invalid", "backend.secretRef"),
                Arguments.of(with(good, "mode", "sideways"), "invalid", "mode"),
                Arguments.of(with(good, "backend", Map.of("endpoints", "memory:")), "invalid", "backend.endpoints"),
                Arguments.of(with(good, "backend", Map.of("endpoints", "tcp:nowhere")), "invalid", "backend.endpoints"),
                Arguments.of(with(good, "backend", Map.of("endpoints", "gopher://x")), "invalid", "backend.endpoints"),
                Arguments.of(
                        with(good, "backend", Map.of("endpoints", "testing:", "secretRef", "s3cr3t PASS")),
                        "invalid",
                        "backend.secretRef"),
                Arguments.of(with(good, "routerId", "a b"), "invalid", "routerId"),
                Arguments.of(without(good, "podCidrs"), "invalid", "podCidrs"),
                Arguments.of(without(good, "backend"), "invalid", "backend"),
                Arguments.of(without(good, "mode"), "invalid", "mode"));
    }

    private static Map<String, Object> sizing(int min, int max) {
        return Map.of("podsPerCpu", 10, "podsPerGiB", 10, "minPods", min, "maxPods", max);
    }

    private static Map<String, Object> without(Map<String, Object> spec, String key) {
        Map<String, Object> other = new TreeMap<>(spec);
        other.remove(key);
        return other;
    }

    @ParameterizedTest(name = "{2}: {1}")
    @MethodSource("badClusters")
    void aClusterThatCannotBeIsRefusedByTheNameOfTheMemberAndNothingIsWritten(
            Map<String, Object> spec, String slug, String field) {
        String name = TopologyWorld.name();
        http().put("/v1/clusters/" + name, spec).assertProblem(400, slug, field);
        http().get("/v1/clusters/" + name).assertProblem(404, "unknown-cluster", "cluster");
        assertThat(world.dump(name)).isEmpty();
    }

    @Test
    void aClusterIsDeclaredOnceAndChangedWhereItMay() {
        String path = "/v1/clusters/" + TopologyWorld.name();
        Map<String, Object> good = with(spec("10.4.0.0/16"), "serviceCidr", "10.96.0.0/12");
        ClusterView made = http().put(path, good).assertStatus(201).as(ClusterView.class);
        assertThat(made.spec().mtu()).isEqualTo(1_400);
        assertThat(made.spec().leaseBatch()).isEqualTo(16);
        assertThat(made.spec().warmHeadroom()).isEqualTo(8);
        assertThat(made.spec().cooldownSeconds()).isEqualTo(30);
        world.clusterIs(made.name().value(), "ready");
        long revision = world.cluster(made.name().value()).revision();
        ClusterView same = http().put(path, good).assertStatus(200).as(ClusterView.class);
        assertThat(same.id()).isEqualTo(made.id());
        assertThat(same.revision()).as("nothing was written").isEqualTo(revision);

        Map<String, Object> grown = with(
                with(with(good, "podCidrs", List.of("10.8.0.0/16", "10.4.0.0/16")), "leaseBatch", 32),
                "nodeClasses",
                Map.of("big", sizing(50, 500)));
        ClusterView changed = http().put(path, grown).assertStatus(200).as(ClusterView.class);
        assertThat(changed.spec().leaseBatch()).isEqualTo(32);
        assertThat(changed.spec().nodeClasses()).containsOnlyKeys("big");
        world.clusterIs(made.name().value(), "ready");
        org.awaitility.Awaitility.await()
                .until(() -> world.rows(
                                "select host(cidr) from pool p join cluster c on c.id = p.cluster_id where c.name = '"
                                        + made.name() + "' order by 1")
                        .equals(List.of("10.4.0.0", "10.8.0.0")));

        http().put(path, good).assertProblem(409, "cluster-immutable", "podCidrs");
        http().put(path, with(grown, "routerId", "router-1")).assertProblem(409, "cluster-immutable", "routerId");
        http().put(path, with(grown, "mtu", 1_300)).assertProblem(409, "cluster-immutable", "mtu");
        http().put(path, with(grown, "serviceCidr", "10.112.0.0/12"))
                .assertProblem(409, "cluster-immutable", "serviceCidr");
        http().put(path, with(grown, "backend", Map.of("endpoints", "tcp:127.0.0.1:1")))
                .assertProblem(409, "cluster-immutable", "backend.endpoints");
        assertThat(world.cluster(made.name().value()).spec()).isEqualTo(changed.spec());
    }

    @Test
    void clustersAreListedInPages() {
        List<String> names = IntStream.range(0, 5)
                .mapToObj(i -> "page-" + i)
                .peek(name ->
                        http().put("/v1/clusters/" + name, spec("10.4.0.0/16")).assertStatus(201))
                .toList();
        var first =
                http().get("/v1/clusters?cursor=page&limit=3").assertStatus(200).json();
        assertThat(first.path("clusters").size()).isEqualTo(3);
        String next = first.path("next").asString();
        assertThat(next).isEqualTo(names.get(2));
        var second = http().get("/v1/clusters?cursor=" + next + "&limit=2").json();
        assertThat(second.path("clusters").get(1).path("name").asString()).isEqualTo(names.get(4));
        assertThat(second.path("next").isMissingNode()).isTrue();
        http().get("/v1/clusters?limit=0").assertProblem(400, "invalid", "limit");
        names.forEach(name -> http().delete("/v1/clusters/" + name).assertStatus(204));
    }

    @Test
    void aNodeThatCannotBeIsRefusedByTheNameOfTheMember() {
        String cluster = TopologyWorld.name();
        world.ready(cluster, "10.4.0.0/16");
        String path = "/v1/clusters/" + cluster + "/nodes/node-1";
        Map<String, Object> good = TopologyWorld.registration("chassis-1");
        http().put(path, with(good, "cpus", 0)).assertProblem(400, "invalid", "cpus");
        http().put(path, with(good, "cpus", 5_000)).assertProblem(400, "invalid", "cpus");
        http().put(path, with(good, "memoryMiB", 127)).assertProblem(400, "invalid", "memoryMiB");
        http().put(path, with(good, "memoryMiB", (64 << 20) + 1)).assertProblem(400, "invalid", "memoryMiB");
        http().put(path, with(good, "maxPods", 4_001)).assertProblem(400, "invalid", "maxPods");
        http().put(path, with(good, "parentPort", "vif")).assertProblem(400, "invalid", "parentPort");
        http().put(path, without(good, "chassis")).assertProblem(400, "invalid", "chassis");
        http().put(path, without(good, "agent")).assertProblem(400, "invalid", "agent");
        http().put(path, with(good, "nodeClass", "huge")).assertProblem(400, "unknown-node-class", "nodeClass");
        http().put(path, "{\"cpus\":").assertProblem(400, "invalid", "");
        http().put(path, " ".repeat(1 << 21)).assertProblem(413, "body-too-large", "");
        http().put("/v1/clusters/none/nodes/n", good).assertProblem(404, "unknown-cluster", "cluster");
        http().put("/v1/clusters/" + cluster + "/nodes/Node_1", good).assertProblem(400, "invalid", "node");
        http().get(path).assertProblem(404, "unknown-node", "node");
        assertThat(world.dump(cluster)).noneMatch(row -> row.startsWith("node"));
    }

    @Test
    void registeringAgainIsSeenAndAnotherAgentRaisesTheEpoch() {
        String cluster = TopologyWorld.name();
        world.ready(cluster, "10.4.0.0/16");
        String path = "/v1/clusters/" + cluster + "/nodes/node-1";
        Map<String, Object> said = TopologyWorld.registration("chassis-1");
        NodeView made = http().put(path, said).assertStatus(201).as(NodeView.class);
        world.nodeIs(cluster, "node-1", "ready");
        String before = revision(made);
        NodeView again = http().put(path, said).assertStatus(200).as(NodeView.class);
        assertThat(again.lastSeen()).isAfter(made.lastSeen());
        assertThat(again.epoch()).isEqualTo(1);
        assertThat(revision(made)).as("only last_seen was written").isEqualTo(before);
        NodeView other = http().put(path, with(said, "agent", UUID.randomUUID().toString()))
                .as(NodeView.class);
        assertThat(other.epoch()).isEqualTo(2);
        assertThat(other.id()).isEqualTo(made.id());

        Http.Answer refused = http().put(path, TopologyWorld.registration("chassis-2"));
        refused.assertProblem(409, "node-identity-conflict", "chassis");
        assertThat(Long.parseLong(refused.retryAfter())).isBetween(3_000L, 3_600L);
        http().put("/v1/clusters/" + cluster + "/nodes/node-2", said).assertProblem(409, "chassis-taken", "chassis");
        world.sql("update node set last_seen = now() - interval '2 hours' where id = '" + made.id() + "'");
        NodeView moved =
                http().put(path, TopologyWorld.registration("chassis-2")).as(NodeView.class);
        assertThat(moved.epoch()).isEqualTo(3);
        assertThat(moved.chassis()).isEqualTo("chassis-2");
    }

    private static String revision(NodeView node) {
        return world.rows("select revision::text from node where id = '" + node.id() + "'")
                .getFirst();
    }

    @Test
    void aNodeWaitsForAClusterThatIsNotReady() {
        String cluster = TopologyWorld.name();
        http().put("/v1/clusters/" + cluster, with(spec("10.4.0.0/16"), "routerId", "not-there"))
                .assertStatus(201);
        http().put("/v1/clusters/" + cluster + "/nodes/node-1", TopologyWorld.registration("c1"))
                .assertStatus(201);
        org.awaitility.Awaitility.await().atMost(TopologyWorld.LONG).untilAsserted(() -> {
            NodeView node = world.node(cluster, "node-1");
            assertThat(node.state()).isEqualTo("joining");
            assertThat(node.stateReason())
                    .isEqualTo(
                            "waits for its cluster, which is failed: the network refuses: there is no router not-there");
        });
        world.network.foreignRouter("not-there", io.portolan.model.Cidr.parse("192.168.9.0/24"));
        http().put("/v1/clusters/" + cluster, with(with(spec("10.4.0.0/16"), "routerId", "not-there"), "leaseBatch", 8))
                .assertStatus(200);
        assertThat(world.nodeIs(cluster, "node-1", "ready").ports().free()).isEqualTo(29);
    }

    @Test
    void aNodeFailsWhereThePoolIsExhaustedAndJoinsWhenItGrows() {
        String cluster = TopologyWorld.name();
        world.ready(cluster, "10.4.0.0/27");
        world.join(cluster, "node-1");
        http().put("/v1/clusters/" + cluster + "/nodes/node-2", TopologyWorld.registration("c2"))
                .assertStatus(201);
        assertThat(world.nodeIs(cluster, "node-2", "failed").stateReason())
                .contains("no pool of the cluster has a free /29: 0 addresses are free");
        http().put("/v1/clusters/" + cluster, spec("10.4.0.0/27", "10.5.0.0/24"))
                .assertStatus(200);
        assertThat(world.nodeIs(cluster, "node-2", "ready").ports().free()).isEqualTo(29);
    }

    @Test
    void theOpenApiDocumentIsTheOneCheckedIn() throws IOException {
        new KeptDocument(http().base(), "topology-service").isTheOneCheckedIn();
    }

    @Test
    void theOpenApiDocumentCanBeReadAndTried() {
        new KeptDocument(http().base(), "topology-service").canBeReadAndTried(ApiTest::onLoopback);
    }

    /** Nothing answers there, which only makes the cluster wait. */
    private static String onLoopback(String body) {
        return body.replaceAll("10\\.0\\.0\\.1[1-3]|keystone\\.example\\.com", "127.0.0.1");
    }
}
