package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.cluster.ClusterView;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NodeJoinsTest {
    private static TopologyWorld world;

    @BeforeAll
    static void start() {
        world = new TopologyWorld();
        world.start("portolan.topology.failed-retry=1s");
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    private static List<PortView> ports(NodeId node) {
        return world.ipam()
                .get("/v1/nodes/" + node + "/ports?limit=1024")
                .as(PortPage.class)
                .ports();
    }

    @Test
    void aNodeJoinsAndAllItsPortsAreFree() {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        assertThat(cluster.routerId()).isEqualTo(cluster.id().toString());
        NodeView node = world.join(name, "node-1");
        assertThat(node.subnets())
                .singleElement()
                .satisfies(s -> assertThat(s.cidr().prefixLength()).isEqualTo(27));
        assertThat(node.ports()).isEqualTo(new PortCounts(0, 0, 29, 0, 0, 0, 0, 0));
        assertThat(node.epoch()).isEqualTo(1);
        assertThat(node.stateReason()).isNull();
        assertThat(world.network.of(cluster.id()).everything()).hasSize(1).containsKey(node.id());
        List<PortView> ports = ports(node.id());
        assertThat(world.network.of(cluster.id()).memory.list(node.id()))
                .extracting(SdnPort::id, SdnPort::backendId, SdnPort::mac, SdnPort::addresses)
                .containsExactlyInAnyOrderElementsOf(ports.stream()
                        .map(p -> org.assertj.core.groups.Tuple.tuple(
                                p.id(),
                                p.backendId(),
                                p.mac(),
                                List.<IpAddress>of(p.addresses().getFirst().address())))
                        .toList());
        assertThat(world.cluster(name).nodes()).isEqualTo(new ClusterView.NodeCounts(0, 1, 0, 0));
    }

    @Test
    void lesson13WhatTheNetworkLosesIsMadeAgainAndWhatTheLedgerDoesNotKnowIsSweptAfterTwoLooks() {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        NodeView node = world.join(name, "node-1");
        TestingNetwork.One network = world.network.of(cluster.id());
        List<SdnPort> before = network.memory.list(node.id());
        List<PortId> lost = before.stream().limit(5).map(SdnPort::id).toList();
        network.memory.delete(node.id(), lost);
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(
                        () -> assertThat(network.memory.list(node.id())).containsExactlyInAnyOrderElementsOf(before));
        io.portolan.sdn.PortSpec stray = new io.portolan.sdn.PortSpec(
                PortId.random(),
                node.subnets().getFirst().id(),
                io.portolan.model.MacAddress.derivedFrom(IpAddress.parse("10.99.0.1")),
                List.of(IpAddress.parse("10.99.0.1")),
                null);
        network.memory.ensure(node.id(), List.of(stray));
        NodeId nobody = NodeId.random();
        network.memory.ensureSwitch(new io.portolan.sdn.SwitchSpec(
                nobody,
                new io.portolan.model.NodeName("nobody"),
                String.valueOf(cluster.routerId()),
                List.of(new io.portolan.sdn.SwitchSpec.Subnet(
                        io.portolan.model.SubnetId.random(),
                        io.portolan.model.Cidr.parse("10.98.0.0/24"),
                        IpAddress.parse("10.98.0.1"),
                        stray.mac())),
                null,
                "c",
                1400));
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(() -> assertThat(network.everything()).containsOnlyKeys(node.id()));
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(
                        () -> assertThat(network.memory.list(node.id())).containsExactlyInAnyOrderElementsOf(before));
    }

    @Test
    void aPortThatTheNetworkRefusesFailsAloneAndIsTriedAgain() {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        TestingNetwork.One network = world.network.of(cluster.id());
        network.refuses = port -> port.addresses().contains(IpAddress.parse("10.4.0.9"));
        NodeView node = world.join(name, "node-1");
        assertThat(node.ports()).isEqualTo(new PortCounts(0, 0, 28, 0, 0, 0, 0, 1));
        assertThat(node.stateReason()).contains("1 of 29 ports failed").contains("[10.4.0.9] is somebody else's");
        network.refuses = port -> false;
        await().atMost(TopologyWorld.LONG)
                .until(() -> world.node(name, "node-1").ports().free() == 29);
        await().atMost(TopologyWorld.LONG)
                .until(() -> world.node(name, "node-1").stateReason() == null);
    }

    @Test
    void lesson20ANodeIsTakenDownWhenItsPodsAreGoneOrByForce() {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        NodeView node = world.join(name, "node-1");
        ClaimAnswer claimed = world.ipam()
                .post("/v1/nodes/" + node.id() + "/claims", Map.of("claim", UUID.randomUUID(), "epoch", 1, "count", 3))
                .as(ClaimAnswer.class);
        assertThat(claimed.ports()).hasSize(3);
        String path = "/v1/clusters/" + name + "/nodes/node-1";
        world.http().delete(path).assertStatus(204);
        await().atMost(TopologyWorld.LONG).untilAsserted(() -> {
            NodeView now = world.node(name, "node-1");
            assertThat(now.state()).isEqualTo("draining");
            assertThat(now.stateReason()).startsWith("waits for 3 leased ports");
            assertThat(now.ports()).isEqualTo(new PortCounts(0, 0, 0, 3, 0, 0, 0, 0));
        });
        assertThat(world.network.of(cluster.id()).memory.list(node.id())).hasSize(3);
        world.http().put(path, TopologyWorld.registration("other")).assertProblem(409, "node-draining", "node");
        world.http().delete(path + "?force=true").assertStatus(204);
        world.nodeIsGone(name, "node-1");
        assertThat(world.network.of(cluster.id()).everything()).isEmpty();
        assertThat(world.dump(name)).noneMatch(row -> row.startsWith("port") || row.startsWith("subnet"));
        world.http().delete(path).assertStatus(204);
        NodeView again = world.join(name, "node-1");
        assertThat(again.id()).isNotEqualTo(node.id());
        assertThat(ports(again.id())).extracting(PortView::state).containsOnly(PortState.FREE);
    }

    @Test
    void lesson08AnAddressIsNobodysUntilTheNetworkHasConfirmedItsRemoval() {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        NodeView node = world.join(name, "node-1");
        TestingNetwork.One network = world.network.of(cluster.id());
        int made = network.memory.list(node.id()).size();
        network.down = true;
        world.http().delete("/v1/clusters/" + name + "/nodes/node-1").assertStatus(204);
        await().atMost(TopologyWorld.LONG)
                .until(() ->
                        "network-unavailable".equals(world.node(name, "node-1").stateProblem()));
        assertThat(network.memory.list(node.id())).hasSize(made);
        assertThat(world.dump(name).stream().filter(row -> row.startsWith("port")))
                .hasSize(made);
        assertThat(world.dump(name).stream().filter(row -> row.startsWith("subnet")))
                .hasSize(1);
        network.down = false;
        world.nodeIsGone(name, "node-1");
        assertThat(network.everything()).isEmpty();
        assertThat(world.dump(name)).noneMatch(row -> row.startsWith("port") || row.startsWith("subnet"));
    }
}
