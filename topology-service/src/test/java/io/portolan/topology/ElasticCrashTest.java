package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.api.NodeView;
import io.portolan.topology.cluster.ClusterView;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** A node grows and shrinks again while the service is killed once on the way; a fresh one goes on. */
class ElasticCrashTest {
    private static final String[] SETTINGS = {"portolan.topology.nodes.resync=500ms"};
    private static final String PATH = "/v1/clusters/c/nodes/n";

    private final UUID run = UUID.randomUUID();

    @Test
    void aNodeGrowsAndShrinksWhereverTheServiceIsKilled() {
        try (TopologyWorld world = new TopologyWorld("portolan.ipam.upkeep.interval=200ms")) {
            world.start(SETTINGS);
            Map<String, Object> spec = new TreeMap<>(TopologyWorld.spec("10.4.0.0/24"));
            spec.putAll(Map.of("leaseBatch", 4, "warmHeadroom", 2, "cooldownSeconds", 0, "subnetIdleSeconds", 1));
            spec.put("sizing", Map.of("podsPerCpu", 5, "podsPerGiB", 10, "minPods", 5, "maxPods", 40));
            world.http().put("/v1/clusters/c", spec).assertStatus(201);
            ClusterView cluster = world.clusterIs("c", "ready");
            grownAndShrunk(world, cluster, "");
            for (String point : List.of("PUT 1 1", "PUT offer 1", "POST drains 1", "POST removals 1", "DELETE 1 1")) {
                grownAndShrunk(world, cluster, point);
            }
        }
    }

    private void grownAndShrunk(TopologyWorld world, ClusterView cluster, String killAfter) {
        TestingCrash.killAfter(killAfter);
        List<Boolean> kills = new java.util.ArrayList<>();
        NodeView grown = says(
                world, kills, 4, 20, n -> n.subnets().size() == 2 && n.ports().free() == 26);
        assertThat(world.network.of(cluster.id()).everything().get(grown.id()))
                .as("killed after %s", killAfter)
                .hasSize(26);
        NodeView shrunk = says(
                world, kills, 0, 0, n -> n.subnets().size() == 1 && n.ports().all() == 13);
        assertThat(shrunk.ports().free()).as("killed after %s", killAfter).isEqualTo(13);
        assertThat(world.network.of(cluster.id()).everything().get(shrunk.id()))
                .as("killed after %s", killAfter)
                .hasSize(13);
        assertThat(world.rows("select ordinal || ' ' || state from subnet"))
                .as("killed after %s", killAfter)
                .containsExactly("0 live");
        assertThat(kills).as("killed after %s", killAfter).hasSize(killAfter.isEmpty() ? 0 : 1);
    }

    /** Again and again, as an agent does. */
    private NodeView says(TopologyWorld world, List<Boolean> kills, int used, int pending, Predicate<NodeView> until) {
        Map<String, Object> registration = new TreeMap<>(TopologyWorld.registration("chassis"));
        registration.put("agent", run);
        registration.put("demand", Map.of("used", used, "pending", pending));
        return await().atMost(TopologyWorld.LONG)
                .until(
                        () -> {
                            if (TestingCrash.happened()) {
                                kills.add(true);
                                world.stop();
                                TestingCrash.survive();
                                world.start(SETTINGS);
                            }
                            try {
                                io.portolan.ipam.Http.Answer answer =
                                        world.http().put(PATH, registration);
                                return answer.status() / 100 == 2 ? answer.as(NodeView.class) : null;
                            } catch (UncheckedIOException e) {
                                assertThat(TestingCrash.happened()).isTrue();
                                return null;
                            }
                        },
                        n -> n != null && until.test(n));
    }
}
