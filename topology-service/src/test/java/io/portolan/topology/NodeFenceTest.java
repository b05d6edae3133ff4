package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortView;
import io.portolan.sdn.SdnBindings.Binding;
import io.portolan.topology.cluster.ClusterView;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A node with a lease of three ports, one of them a pod's, whose agent says no more. */
class NodeFenceTest {
    private static final String DIGEST = "0123456789abcdef";
    private static TopologyWorld world;

    private ClusterView cluster;
    private NodeView node;
    private List<String> leased;

    @BeforeAll
    static void start() {
        world = new TopologyWorld();
        world.start("portolan.topology.orphan-age=300ms", "portolan.topology.nodes.resync=500ms");
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    @BeforeEach
    void aNodeWithAPod() {
        String name = TopologyWorld.name();
        cluster = world.ready(name, "10.4.0.0/16");
        node = world.join(name, "node-1");
        leased = claim(1, 200).as(ClaimAnswer.class).ports().stream()
                .map(PortView::id)
                .map(Object::toString)
                .toList();
        world.sql(
                "update port set state = 'bound', sandbox = 's1', interface = 'eth0', changed_by = 'test', revision = revision + 1 where id = '%s'"
                        .formatted(leased.getFirst()));
    }

    private io.portolan.ipam.Http.Answer claim(long epoch, int status) {
        return world.ipam()
                .post(
                        "/v1/nodes/" + node.id() + "/claims",
                        Map.of("claim", UUID.randomUUID(), "epoch", epoch, "count", 3))
                .assertStatus(status);
    }

    private String path(String rest) {
        return "/v1/clusters/" + cluster.name() + "/nodes/node-1" + rest;
    }

    private void vanishes() {
        world.sql("update node set last_seen = now() - interval '1 hour' where id = '%s'".formatted(node.id()));
    }

    private NodeView fence() {
        return world.http().post(path("/fence"), Map.of()).assertStatus(200).as(NodeView.class);
    }

    private void bind(String port) {
        world.network.of(cluster.id()).bindings.put(port, new Binding(node.chassis(), true));
    }

    private NodeView waitsFor(String words) {
        return await(words)
                .atMost(TopologyWorld.LONG)
                .until(
                        () -> world.node(cluster.name().value(), "node-1"),
                        now -> String.valueOf(now.stateReason()).contains(words));
    }

    private List<String> held() {
        return world.rows(
                "select cast(id as text) from port where node_id = '%s' and lease_epoch is not null and state in ('leased', 'bound')"
                        .formatted(node.id()));
    }

    @Test
    void aNodeThatSpokeLatelyIsNotFenced() {
        world.http().post(path("/fence"), Map.of()).assertProblem(409, "node-alive", "node");
        assertThat(world.node(cluster.name().value(), "node-1").epoch()).isEqualTo(1);
    }

    @Test
    void lesson03AnAgentThatWasFencedWritesNothing() {
        bind(leased.getFirst());
        vanishes();
        NodeView fenced = fence();
        assertThat(fenced.state()).isEqualTo("fenced");
        assertThat(fenced.epoch()).isEqualTo(2);
        assertThat(fence().epoch()).isEqualTo(2);
        waitsFor("bound in the network");
        List<String> before = world.rows("select cast(p as text) from port p order by 1");
        claim(1, 409);
        world.ipam()
                .post("/v1/nodes/" + node.id() + "/releases", Map.of("epoch", 1, "ports", leased))
                .assertStatus(409);
        world.ipam()
                .post(
                        "/v1/nodes/" + node.id() + "/reports",
                        Map.of(
                                "epoch",
                                1,
                                "reports",
                                List.of(Map.of(
                                        "id",
                                        UUID.randomUUID(),
                                        "port",
                                        leased.getFirst(),
                                        "kind",
                                        "RELEASED",
                                        "sandbox",
                                        "s1",
                                        "networkInterface",
                                        "eth0",
                                        "at",
                                        "2026-01-01T00:00:00Z"))))
                .assertStatus(409);
        world.http()
                .put(path("/cache"), Map.of("epoch", 1, "digest", DIGEST, "ports", List.of()))
                .assertProblem(409, "stale-epoch", "epoch");
        assertThat(world.rows("select cast(p as text) from port p order by 1")).isEqualTo(before);
    }

    @Test
    void lesson12PortsOfAVanishedNodeComeBackOnlyWhenTheNetworkHasNoneOfThemBound() {
        bind(leased.getFirst());
        vanishes();
        fence();
        assertThat(waitsFor("waits for 1 ports that are bound in the network still")
                        .stateProblem())
                .isEqualTo("ports-bound");
        assertThat(held()).containsExactlyInAnyOrderElementsOf(leased);
        world.network.of(cluster.id()).bindings.clear();
        world.sql("update node set revision = revision + 1 where id = '%s'".formatted(node.id()));
        world.nodeIsGone(cluster.name().value(), "node-1");
        assertThat(world.rows("select cast(p as text) from port p where node_id = '%s'".formatted(node.id())))
                .isEmpty();
        assertThat(world.network.of(cluster.id()).everything()).isEmpty();
    }

    @Test
    void lesson23AVanishedNodeKeepsItsPortsWhileItsBindingsCannotBeRead() {
        world.network.of(cluster.id()).bindingsDown = true;
        vanishes();
        fence();
        waitsFor("the bindings cannot be read");
        assertThat(world.node(cluster.name().value(), "node-1").state()).isEqualTo("fenced");
        assertThat(held()).containsExactlyInAnyOrderElementsOf(leased);
        world.network.of(cluster.id()).bindingsDown = false;
        world.nodeIsGone(cluster.name().value(), "node-1");
    }

    @Test
    void aNodeThatComesBackKeepsItsPorts() {
        bind(leased.getFirst());
        vanishes();
        fence();
        waitsFor("bound in the network");
        Map<String, Object> again = new TreeMap<>(TopologyWorld.registration("node-1-chassis"));
        assertThat(world.http()
                        .put(path(""), again)
                        .assertStatus(200)
                        .as(NodeView.class)
                        .epoch())
                .isEqualTo(3);
        world.nodeIs(cluster.name().value(), "node-1", "ready");
        assertThat(held()).containsExactlyInAnyOrderElementsOf(leased);
        claim(3, 200);
    }
}
