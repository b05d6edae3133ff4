package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.SubnetState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.portolan.model.api.SubnetView;
import io.portolan.topology.cluster.ClusterView;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes gain subnets ahead of their pods and give them back; what their agents say is said here by hand. */
class ElasticNodesTest {
    private static TopologyWorld world;

    @BeforeAll
    static void start() {
        world = new TopologyWorld("portolan.ipam.upkeep.interval=200ms");
        world.start("portolan.topology.nodes.resync=500ms");
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    /** A cluster of nodes that have 13 ports at first and 40 pods at most, and claim four at once. */
    private static ClusterView cluster(String name, int idleSeconds, String... podCidrs) {
        world.http().put("/v1/clusters/" + name, spec(idleSeconds, podCidrs)).assertStatus(201);
        return world.clusterIs(name, "ready");
    }

    private static Map<String, Object> spec(int idleSeconds, String... podCidrs) {
        Map<String, Object> spec = new TreeMap<>(TopologyWorld.spec(podCidrs));
        spec.put("leaseBatch", 4);
        spec.put("warmHeadroom", 2);
        spec.put("cooldownSeconds", 0);
        spec.put("subnetIdleSeconds", idleSeconds);
        spec.put("sizing", Map.of("podsPerCpu", 5, "podsPerGiB", 10, "minPods", 5, "maxPods", 40));
        return spec;
    }

    /** As an agent says it again and again. */
    private record Agent(String cluster, String node, UUID run) {
        static Agent joins(String cluster, String node) {
            Agent agent = new Agent(cluster, node, UUID.randomUUID());
            agent.says(0, 0);
            world.nodeIs(cluster, node, "ready");
            return agent;
        }

        NodeView says(int used, int pending) {
            Map<String, Object> registration = new TreeMap<>(TopologyWorld.registration(node + "-chassis"));
            registration.put("agent", run);
            registration.put("demand", Map.of("used", used, "pending", pending));
            var answer = world.http().put("/v1/clusters/" + cluster + "/nodes/" + node, registration);
            assertThat(answer.status()).isIn(200, 201);
            return answer.as(NodeView.class);
        }

        NodeView view() {
            return world.node(cluster, node);
        }

        NodeView has(int subnets, int freePorts) {
            return await().atMost(TopologyWorld.LONG)
                    .until(
                            this::view,
                            n -> n.subnets().size() == subnets && n.ports().free() == freePorts);
        }

        List<PortView> claims(int count) {
            return world.ipam()
                    .post(
                            "/v1/nodes/" + view().id() + "/claims",
                            Map.of("claim", UUID.randomUUID(), "epoch", 1, "count", count))
                    .as(ClaimAnswer.class)
                    .ports();
        }

        void givesBack(List<PortView> ports) {
            List<PortId> ids = ports.stream().map(PortView::id).toList();
            world.ipam()
                    .post("/v1/nodes/" + view().id() + "/releases", Map.of("epoch", 1, "ports", ids))
                    .assertStatus(200);
        }

        void reports(PortView port, String kind) {
            Map<String, Object> report = Map.of(
                    "id",
                    UUID.randomUUID(),
                    "port",
                    port.id(),
                    "kind",
                    kind,
                    "sandbox",
                    "s-" + port.id(),
                    "networkInterface",
                    "eth0",
                    "at",
                    java.time.Instant.now());
            world.ipam()
                    .post("/v1/nodes/" + view().id() + "/reports", Map.of("epoch", 1, "reports", List.of(report)))
                    .assertStatus(200);
        }

        SubnetView second() {
            return view().subnets().get(1);
        }

        void secondIs(SubnetState state) {
            await().atMost(TopologyWorld.LONG).until(() -> second().is(state));
        }
    }

    private static List<PortView> ports(NodeView node) {
        return world.ipam()
                .get("/v1/nodes/" + node.id() + "/ports?limit=1024")
                .as(PortPage.class)
                .ports();
    }

    @Test
    void lesson18ANodeGetsAFurtherSubnetAheadOfItsPendingPodsAndWithoutADrain() {
        String name = TopologyWorld.name();
        ClusterView cluster = cluster(name, 0, "10.4.0.0/16");
        Agent agent = Agent.joins(name, "node-1");
        agent.has(1, 13);
        List<PortView> held = agent.claims(4);
        agent.says(4, 0);
        assertThat(agent.has(1, 9).supply()).isEqualTo(new NodeView.Supply(4, 0, 6, 8, 13, 4, 4));

        agent.says(4, 20);
        NodeView grown = agent.has(2, 9 + 13);
        assertThat(grown.state()).isEqualTo("ready");
        assertThat(grown.stateReason()).isNull();
        assertThat(grown.subnets()).extracting(SubnetView::ordinal).containsExactly(0, 1);
        assertThat(grown.supply()).isEqualTo(new NodeView.Supply(4, 20, 24, 24, 26, 4, 4));
        assertThat(ports(grown).stream()
                        .filter(p -> p.state() == PortState.LEASED)
                        .toList())
                .as("nobody's port was touched")
                .containsExactlyElementsOf(held);
        assertThat(world.network.of(cluster.id()).everything().get(grown.id()))
                .as("every port is in the network")
                .hasSize(26);
        assertThat(agent.claims(20)).as("by its ordinary claims").hasSize(20);

        agent.says(40, 20);
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(() -> assertThat(agent.view().supply())
                        .as("no more than the class has pods")
                        .isEqualTo(new NodeView.Supply(40, 20, 40, 40, 26 + 29, 24, 24)));
    }

    @Test
    void lesson11TheCentreReleasesNothingWithoutTheNodesConsent() {
        String name = TopologyWorld.name();
        ClusterView cluster = cluster(name, 1, "10.4.0.0/16");
        Agent agent = Agent.joins(name, "node-1");
        agent.says(4, 20);
        agent.has(2, 26);
        List<PortView> held = agent.claims(24);
        List<PortView> ofSecond = held.stream()
                .filter(p -> p.subnet().equals(agent.second().id()))
                .toList();
        agent.says(1, 0);
        agent.secondIs(SubnetState.OFFERED);
        agent.givesBack(ofSecond.subList(1, ofSecond.size()));
        agent.givesBack(
                held.stream().filter(p -> !ofSecond.contains(p)).limit(3).toList());
        NodeView offered = agent.says(1, 0);
        assertThat(offered.subnets())
                .extracting(SubnetView::state)
                .containsExactly(SubnetState.LIVE, SubnetState.OFFERED);
        world.ipam()
                .post("/v1/nodes/" + offered.id() + "/subnets/1/drains", Map.of())
                .assertProblem(409, "subnet-held", "ordinal");
        assertThat(ports(offered))
                .as("what the node has is the node's, and no port of it drains")
                .hasSize(26)
                .noneMatch(p -> p.state() == PortState.DRAINING)
                .contains(port(offered, ofSecond.getFirst()));
        assertThat(world.network.of(cluster.id()).everything().get(offered.id()))
                .hasSize(26);
        assertThat(agent.claims(1))
                .as("claims take of the other")
                .allMatch(p -> !p.subnet().equals(offered.subnets().get(1).id()));

        agent.givesBack(ofSecond.subList(0, 1));
        NodeView shrunk = await().atMost(TopologyWorld.LONG)
                .until(agent::view, n -> n.subnets().size() == 1);
        assertThat(ports(shrunk))
                .hasSize(13)
                .allMatch(p -> p.subnet().equals(shrunk.subnets().getFirst().id()));
        assertThat(world.network.of(cluster.id()).everything().get(shrunk.id())).hasSize(13);
        assertThat(world.rows("select text(cidr) from subnet where node_id = '%s'".formatted(shrunk.id())))
                .hasSize(1);
        world.ipam()
                .put("/v1/nodes/" + shrunk.id() + "/subnets/0/offer", Map.of())
                .assertProblem(409, "first-subnet", "ordinal");
    }

    private static PortView port(NodeView node, PortView port) {
        return ports(node).stream()
                .filter(p -> p.id().equals(port.id()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aNodeRefusesAnOfferByUsingAPortOfIt() {
        String name = TopologyWorld.name();
        cluster(name, 2, "10.4.0.0/16");
        Agent agent = Agent.joins(name, "node-1");
        agent.says(4, 20);
        agent.has(2, 26);
        List<PortView> held = agent.claims(26);
        agent.says(0, 0);
        agent.secondIs(SubnetState.OFFERED);
        PortView used = held.stream()
                .filter(p -> p.subnet().equals(agent.second().id()))
                .findFirst()
                .orElseThrow();
        agent.reports(used, "BOUND");
        await().atMost(TopologyWorld.LONG)
                .until(() -> !world.rows("select 1 from subnet where node_id = '%s' and refused_at is not null"
                                .formatted(agent.view().id()))
                        .isEmpty());
        assertThat(port(agent.view(), used).state()).isEqualTo(PortState.BOUND);
    }

    @Test
    void aClaimThatFindsNoOtherPortTakesTheOfferedSubnetBack() {
        String name = TopologyWorld.name();
        cluster(name, 1, "10.4.0.0/16");
        Agent agent = Agent.joins(name, "node-1");
        agent.says(4, 20);
        agent.has(2, 26);
        List<PortView> all = agent.claims(26);
        agent.says(0, 0);
        agent.secondIs(SubnetState.OFFERED);
        List<PortView> some = all.stream()
                .filter(p -> p.subnet().equals(agent.second().id()))
                .limit(3)
                .toList();
        agent.givesBack(some);
        assertThat(agent.claims(3))
                .extracting(PortView::id)
                .containsExactlyInAnyOrderElementsOf(
                        some.stream().map(PortView::id).toList());
    }

    @Test
    void lesson16ANodeThatGetsNoFurtherSubnetHurtsNobodyAndGetsOneWhenThereAreAddressesAgain() {
        String name = TopologyWorld.name();
        cluster(name, 0, "10.4.0.0/28");
        Agent first = Agent.joins(name, "node-1");
        first.says(4, 20);
        NodeView poor =
                await().atMost(TopologyWorld.LONG).until(first::view, n -> "pool-exhausted".equals(n.stateProblem()));
        assertThat(poor.state()).isEqualTo("ready");
        assertThat(poor.stateReason()).startsWith("13 ports are too few for 24 that are wanted");
        assertThat(first.claims(13)).as("what it has serves").hasSize(13);

        world.http()
                .put("/v1/clusters/" + name, spec(0, "10.4.0.0/28", "10.5.0.0/24"))
                .assertStatus(200);
        Agent second = Agent.joins(name, "node-2");
        second.has(1, 13);
        NodeView rich = await().atMost(TopologyWorld.LONG).until(first::view, n -> n.stateProblem() == null);
        assertThat(rich.supply().ports()).isGreaterThanOrEqualTo(24);
    }

    @Test
    void aNodeThatGetsNoFirstSubnetOfItsSizeGetsASmallerOne() {
        String name = TopologyWorld.name();
        cluster(name, 0, "10.4.0.0/29");
        Agent agent = Agent.joins(name, "node-1");
        assertThat(agent.has(1, 5).supply().ports()).isEqualTo(5);
        agent.says(4, 0);
        await().atMost(TopologyWorld.LONG).until(agent::view, n -> "pool-exhausted".equals(n.stateProblem()));
        assertThat(agent.claims(5)).as("what it has serves").hasSize(5);
    }
}
