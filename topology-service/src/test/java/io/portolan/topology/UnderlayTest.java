package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortState;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortView;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.topology.cluster.ClusterSpec.Nesting;
import io.portolan.topology.cluster.ClusterView;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clusters in projects of a cloud. */
class UnderlayTest {
    private static UnderlayWorld here;

    @BeforeAll
    static void start() {
        here = new UnderlayWorld("portolan.topology.node-lease=1s");
    }

    @AfterAll
    static void stop() {
        here.close();
    }

    private static Map<String, Object> claim(int count) {
        return Map.of("claim", UUID.randomUUID(), "epoch", 1, "count", count);
    }

    @Test
    void aVmsPodsHavePortsOfItsCloudAndGetThemWhenTheyAreUp() {
        Tenant tenant = here.tenant("blue");
        ClusterView cluster = here.ready(here.spec("blue", "10.4.0.0/16"));
        assertThat(cluster.nesting()).isEqualTo(Nesting.TRUNK);
        assertThat(cluster.spec().nesting()).isEqualTo(Nesting.AUTO);
        assertThat(cluster.spec().mtu()).isEqualTo(1_442);
        String vm = here.vm(tenant);
        here.cloud.plug(vm, false);
        here.register(cluster, "node-1", vm);
        NodeView waiting = here.until(cluster, "node-1", n -> "ports-not-up".equals(n.stateProblem()));
        assertThat(waiting.state()).isEqualTo("joining");
        assertThat(waiting.stateReason()).startsWith("29 of 29 ports are made and not up");
        assertThat(waiting.filling()).isNotNull();
        assertThat(waiting.filling().ready()).isZero();
        assertThat(waiting.filling().wanted()).isEqualTo(29);
        here.world
                .ipam()
                .post("/v1/nodes/" + waiting.id() + "/claims", claim(1))
                .assertProblem(503, "node-not-ready", "");

        here.cloud.plug(vm, true);
        NodeView node = here.filled(cluster, "node-1");
        assertThat(node.ports().free()).isEqualTo(29);
        assertThat(node.stateReason()).isNull();
        assertThat(node.filling()).isNull();
        List<PortView> ports = here.ports(node.id());
        assertThat(here.addresses(tenant, cluster))
                .containsExactlyInAnyOrderElementsOf(ports.stream()
                        .map(p -> p.addresses().getFirst().address().toString())
                        .toList());
        assertThat(ports)
                .allSatisfy(p -> assertThat(p.mac())
                        .isEqualTo(
                                MacAddress.derivedFrom(p.addresses().getFirst().address())));
        assertThat(ports).extracting(PortView::vlanTag).doesNotHaveDuplicates().doesNotContainNull();
    }

    @Test
    void lesson15AFreePortThatGoesOffTheAirIsNobodysUntilItIsBack() {
        Tenant tenant = here.tenant("flapping");
        ClusterView cluster = here.ready(here.spec("flapping", "10.4.0.0/16"));
        String vm = here.vm(tenant);
        NodeView node = here.join(cluster, "node-1", vm);
        here.world.ipam().post("/v1/nodes/" + node.id() + "/claims", claim(2)).assertStatus(200);
        here.cloud.plug(vm, false);
        NodeView dark = here.until(cluster, "node-1", n -> n.ports().free() == 0);
        assertThat(dark.state()).as("its pods go on").isEqualTo("ready");
        assertThat(dark.ports().leased()).isEqualTo(2);
        assertThat(dark.ports().provisioning()).isEqualTo(27);
        here.until(cluster, "node-1", n -> "ports-not-up".equals(n.stateProblem()));
        here.world.ipam().post("/v1/nodes/" + node.id() + "/claims", claim(1)).assertProblem(503, "node-not-ready", "");
        here.cloud.plug(vm, true);
        assertThat(here.until(cluster, "node-1", n -> n.ports().free() == 27)
                        .ports()
                        .leased())
                .isEqualTo(2);
        here.until(cluster, "node-1", n -> n.stateProblem() == null);
    }

    @Test
    void aReplacedVmTakesOverThePortsOfItsNode() {
        Tenant tenant = here.tenant("replaced");
        ClusterView cluster = here.ready(here.spec("replaced", "10.4.0.0/16"));
        String old = here.vm(tenant);
        NodeView node = here.join(cluster, "node-1", old);
        here.world.ipam().post("/v1/nodes/" + node.id() + "/claims", claim(3)).assertStatus(200);
        List<PortView> before = here.ports(node.id());
        String other = here.vm(tenant);
        await().atMost(TopologyWorld.LONG)
                .until(() -> here.http()
                                .put(UnderlayWorld.path(cluster, "node-1"), UnderlayWorld.registration(other, 110))
                                .status()
                        == 200);
        here.until(cluster, "node-1", n -> n.ports().free() == 26 && n.ports().leased() == 3);
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(() -> assertThat(
                                here.world.rows("select distinct parent from port where node_id = '" + node.id() + "'"))
                        .containsExactly(other));
        await().atMost(TopologyWorld.LONG)
                .untilAsserted(() -> assertThat(subPorts(tenant, other))
                        .containsExactlyInAnyOrderElementsOf(here.ports(node.id()).stream()
                                .map(p -> p.backendId() + " " + p.vlanTag().id())
                                .toList()));
        assertThat(subPorts(tenant, old)).isEmpty();
        assertThat(here.ports(node.id()))
                .extracting(PortView::id, PortView::vlanTag, PortView::mac)
                .as("the same ports, under the same tags")
                .containsExactlyElementsOf(before.stream()
                        .map(p -> org.assertj.core.groups.Tuple.tuple(p.id(), p.vlanTag(), p.mac()))
                        .toList());
        assertThat(here.addresses(tenant, cluster)).hasSize(29).doesNotHaveDuplicates();
    }

    private static List<String> subPorts(Tenant tenant, String vm) {
        List<String> subs = new java.util.ArrayList<>();
        tenant.api().network().get("/trunks").path("trunks").forEach(trunk -> {
            if (trunk.path("port_id").asString().equals(vm)) {
                trunk.path("sub_ports")
                        .forEach(sub -> subs.add(sub.path("port_id").asString() + " "
                                + sub.path("segmentation_id").asInt()));
            }
        });
        return subs;
    }

    @Test
    void tenantsWithTheSameAddressesAndAClusterOfAnotherModeLiveSideBySide() {
        Tenant red = here.tenant("red");
        Tenant green = here.tenant("green");
        ClusterView ofRed = here.ready(here.spec("red", "10.4.0.0/16"));
        ClusterView ofGreen = here.ready(here.spec("green", "10.4.0.0/16"));
        String overlay = TopologyWorld.name();
        here.world.ready(overlay, "10.4.0.0/16");
        here.register(ofRed, "node-1", here.vm(red));
        here.register(ofGreen, "node-1", here.vm(green));
        NodeView third = here.world.join(overlay, "node-1");
        NodeView first = here.filled(ofRed, "node-1");
        NodeView second = here.filled(ofGreen, "node-1");
        assertThat(List.of(first, second, third))
                .allSatisfy(n -> assertThat(n.subnets().getFirst().gateway()).isEqualTo(IpAddress.parse("10.4.0.1")));
        assertThat(here.addresses(red, ofRed))
                .isEqualTo(here.addresses(green, ofGreen))
                .hasSize(29);
        assertThat(here.marked(red, ofGreen, "ports")).isEmpty();
        here.http().delete("/v1/clusters/" + ofRed.name()).assertStatus(204);
        here.world.clusterIsGone(ofRed.name().value());
        for (String collection : List.of("ports", "subnets", "networks", "routers", "trunks")) {
            assertThat(here.marked(red, ofRed, collection)).as(collection).isEmpty();
        }
        assertThat(here.addresses(green, ofGreen)).hasSize(29);
        assertThat(here.node(ofGreen, "node-1").ports().free()).isEqualTo(29);
    }

    @Test
    void aNodeSitsOnTheNetworkThatIsThereWhereOneIsNamed() {
        Tenant tenant = here.tenant("settled");
        String network = UnderlayWorld.made(tenant, "network", Map.of("name", "pods"));
        ClusterView cluster = here.ready(TopologyWorld.with(here.spec("settled", "10.4.0.0/16"), "network", "pods"));
        here.join(cluster, "node-1", here.vm(tenant));
        here.join(cluster, "node-2", here.vm(tenant));
        assertThat(here.marked(tenant, cluster, "networks")).isEmpty();
        assertThat(here.marked(tenant, cluster, "subnets"))
                .hasSize(2)
                .allSatisfy(s -> assertThat(s.path("network_id").asString()).isEqualTo(network));
        here.http()
                .put("/v1/clusters/" + cluster.name(), here.spec("settled", "10.4.0.0/16"))
                .assertProblem(409, "cluster-immutable", "network");
        here.http()
                .put(
                        "/v1/clusters/" + cluster.name(),
                        TopologyWorld.with(
                                TopologyWorld.with(here.spec("settled", "10.4.0.0/16"), "network", "pods"),
                                "nesting",
                                "binding-profile"))
                .assertProblem(409, "cluster-immutable", "nesting");
        here.http().delete("/v1/clusters/" + cluster.name()).assertStatus(204);
        here.world.clusterIsGone(cluster.name().value());
        assertThat(tenant.api()
                        .network()
                        .get("/networks/" + network)
                        .path("network")
                        .path("name")
                        .asString())
                .isEqualTo("pods");
    }

    @Test
    void aPortThatIsLostUnderAPodIsMadeAgainAndTheLedgerLearnsItsNewId() {
        Tenant tenant = here.tenant("lossy");
        ClusterView cluster = here.ready(here.spec("lossy", "10.4.0.0/16"));
        NodeView node = here.join(cluster, "node-1", here.vm(tenant));
        here.world.ipam().post("/v1/nodes/" + node.id() + "/claims", claim(1)).assertStatus(200);
        PortView held = here.ports(node.id(), PortState.LEASED).getFirst();
        String trunk =
                here.marked(tenant, cluster, "trunks").getFirst().path("id").asString();
        tenant.api()
                .network()
                .put(
                        "/trunks/" + trunk + "/remove_subports",
                        Map.of("sub_ports", List.of(Map.of("port_id", String.valueOf(held.backendId())))));
        tenant.api().network().delete("/ports/" + held.backendId());
        await().atMost(TopologyWorld.LONG).untilAsserted(() -> {
            PortView now = here.ports(node.id(), PortState.LEASED).getFirst();
            assertThat(now.id()).isEqualTo(held.id());
            assertThat(now.backendId()).isNotEqualTo(held.backendId());
            assertThat(here.addresses(tenant, cluster)).hasSize(29).doesNotHaveDuplicates();
        });
    }
}
