package io.portolan.topology;

import static io.portolan.topology.TopologyWorld.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.sdn.GatewaySpec;
import io.portolan.sdn.InMemoryGateways;
import io.portolan.topology.cluster.ClusterView;
import io.portolan.topology.gateway.GatewayView;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GatewayTest {
    private static TopologyWorld world;

    @BeforeAll
    static void start() {
        world = new TopologyWorld();
        world.start();
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    static Map<String, Object> gateway() {
        return new TreeMap<>(Map.of(
                "physicalNetwork", "physnet-" + TopologyWorld.name(),
                "network", "203.0.113.0/24",
                "address", "203.0.113.1",
                "nextHop", "203.0.113.254",
                "chassis", List.of("edge-1", "edge-2")));
    }

    private static Map<String, Object> without(Map<String, Object> spec, String key) {
        Map<String, Object> other = new TreeMap<>(spec);
        other.remove(key);
        return other;
    }

    private static Http http() {
        return world.http();
    }

    private static String path(ClusterView cluster) {
        return "/v1/clusters/" + cluster.name() + "/gateway";
    }

    private static GatewayView is(ClusterView cluster, String state) {
        return await().atMost(TopologyWorld.LONG)
                .until(
                        () -> http().get(path(cluster)).as(GatewayView.class),
                        g -> g.state().equals(state));
    }

    private static InMemoryGateways network(ClusterView cluster) {
        return world.network.of(cluster.id()).memory.gateways();
    }

    @Test
    void aGatewayIsDeclaredAndChangedAndTakenDown() {
        String name = TopologyWorld.name();
        http().put("/v1/clusters/" + name, with(TopologyWorld.spec("10.4.0.0/16"), "serviceCidr", "10.96.0.0/12"))
                .assertStatus(201);
        ClusterView cluster = world.clusterIs(name, "ready");
        http().get(path(cluster)).assertProblem(404, "no-gateway", "");
        Map<String, Object> asked = with(with(gateway(), "noSnatCidrs", List.of("192.168.0.0/16")), "vlan", 7);
        http().put(path(cluster), asked).assertStatus(201);
        GatewayView made = is(cluster, "ready");
        assertThat(made.externalAddresses()).containsExactly(IpAddress.parse("203.0.113.1"));
        http().put(path(cluster), asked).assertStatus(200);
        assertThat(http().get(path(cluster)).as(GatewayView.class)).isEqualTo(made);
        GatewaySpec spec = network(cluster).gateway().orElseThrow();
        assertThat(spec.snat()).isTrue();
        assertThat(spec.podCidrs()).containsExactly(Cidr.parse("10.4.0.0/16"));
        assertThat(spec.serviceCidr()).isEqualTo(Cidr.parse("10.96.0.0/12"));
        assertThat(spec.noSnatCidrs()).containsExactly(Cidr.parse("192.168.0.0/16"));
        assertThat(spec.attachment().snatAddress()).isEqualTo(IpAddress.parse("203.0.113.1"));
        assertThat(spec.attachment().vlan().id()).isEqualTo(7);
        assertThat(spec.attachment().chassis()).containsExactly("edge-1", "edge-2");

        http().put(path(cluster), with(asked, "snat", false)).assertStatus(200);
        await().atMost(TopologyWorld.LONG)
                .until(() -> !network(cluster).gateway().orElseThrow().snat());
        http().put(
                        "/v1/clusters/" + name,
                        with(TopologyWorld.spec("10.4.0.0/16", "10.8.0.0/16"), "serviceCidr", "10.96.0.0/12"))
                .assertStatus(200);
        await().atMost(TopologyWorld.LONG)
                .until(() -> network(cluster).gateway().orElseThrow().podCidrs().size() == 2);

        http().delete(path(cluster)).assertStatus(204);
        await().atMost(TopologyWorld.LONG).until(() -> http().get(path(cluster)).status() == 404);
        assertThat(network(cluster).hasGateway()).isFalse();
        http().delete(path(cluster)).assertStatus(204);
    }

    @Test
    void aClusterTakesItsGatewayWithIt() {
        ClusterView cluster = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        http().put(path(cluster), gateway()).assertStatus(201);
        is(cluster, "ready");
        http().delete("/v1/clusters/" + cluster.name()).assertStatus(204);
        world.clusterIsGone(cluster.name().value());
        assertThat(world.network.of(cluster.id()).writes).containsExactly("gateway", "router");
        http().put(path(cluster), gateway()).assertProblem(404, "unknown-cluster", "cluster");
    }

    @Test
    void aBlockOfServicesAddressesIsNotGivenAsFloating() {
        ClusterView cluster = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        world.sql("""
            insert into load_balancing (cluster_id, load_balancer_class, unclassed, cluster_addresses_outside, node_port_cidrs,
              node_port_addresses, external_cidrs, state)
            values ('%s', 'portolan', true, false, '{}', '{}', '{203.0.113.16/28}', 'ready')""".formatted(cluster.id()));
        http().put(path(cluster), with(gateway(), "floatingCidrs", List.of("203.0.113.24/29")))
                .assertProblem(409, "floating-cidrs-overlap", "floatingCidrs");
        http().get(path(cluster)).assertProblem(404, "no-gateway", "");
        http().put(path(cluster), with(gateway(), "floatingCidrs", List.of("203.0.113.32/27")))
                .assertStatus(201);
    }

    static Stream<Arguments> bad() {
        Map<String, Object> good = gateway();
        return Stream.of(
                Arguments.of(without(good, "physicalNetwork"), "invalid", "physicalNetwork"),
                Arguments.of(with(good, "physicalNetwork", "a,b"), "invalid", "physicalNetwork"),
                Arguments.of(with(good, "vlan", 4_095), "invalid", "vlan"),
                Arguments.of(without(good, "network"), "invalid", "network"),
                Arguments.of(with(good, "network", "203.0.113.0/31"), "invalid", "network"),
                Arguments.of(with(good, "network", "2001:db8::/64"), "not-supported", "network"),
                Arguments.of(with(good, "network", "10.0.0.0/8"), "invalid", "network"),
                Arguments.of(with(good, "address", "203.0.113.255"), "invalid", "address"),
                Arguments.of(with(good, "address", "203.0.114.1"), "invalid", "address"),
                Arguments.of(with(good, "nextHop", "203.0.113.1"), "invalid", "nextHop"),
                Arguments.of(with(good, "nextHop", "203.0.114.1"), "invalid", "nextHop"),
                Arguments.of(with(with(good, "snat", false), "snatAddress", "203.0.113.2"), "invalid", "snatAddress"),
                Arguments.of(with(good, "snatAddress", "203.0.113.254"), "invalid", "snatAddress"),
                Arguments.of(with(good, "snatAddress", "10.4.0.9"), "invalid", "snatAddress"),
                Arguments.of(without(good, "chassis"), "invalid", "chassis"),
                Arguments.of(with(good, "chassis", List.of("a", "a")), "invalid", "chassis"),
                Arguments.of(with(good, "chassis", List.of("a", "b", "c", "d", "e", "f")), "invalid", "chassis"),
                Arguments.of(with(good, "chassis", List.of("a b")), "invalid", "chassis[0]"),
                Arguments.of(with(good, "nodeClass", "edge"), "invalid", "chassis"),
                Arguments.of(with(without(good, "chassis"), "nodeClass", "edge"), "unknown-node-class", "nodeClass"),
                Arguments.of(with(good, "noSnatCidrs", List.of("fd00::/8")), "not-supported", "noSnatCidrs[0]"),
                Arguments.of(with(good, "floatingCidrs", List.of("203.0.113.0/29")), "invalid", "floatingCidrs[0]"),
                Arguments.of(with(good, "floatingCidrs", List.of("10.4.1.0/24")), "invalid", "floatingCidrs[0]"),
                Arguments.of(
                        with(good, "floatingCidrs", List.of("198.51.100.0/24", "198.51.100.8/29")),
                        "invalid",
                        "floatingCidrs[1]"),
                Arguments.of(with(good, "floatingCidrs", List.of("100.0.0.0/8")), "invalid", "floatingCidrs"));
    }

    @ParameterizedTest(name = "{2}: {1}")
    @MethodSource("bad")
    void aGatewayThatCannotBeIsRefusedByTheNameOfTheMemberAndNothingIsWritten(
            Map<String, Object> spec, String slug, String field) {
        ClusterView cluster = refusing();
        http().put(path(cluster), spec).assertProblem(400, slug, field);
        http().get(path(cluster)).assertProblem(404, "no-gateway", "");
    }

    private static ClusterView refusing;

    private static synchronized ClusterView refusing() {
        if (refusing == null) {
            refusing = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        }
        return refusing;
    }

    @Test
    void twoClustersDoNotHaveOneAddressOnOneSegment() {
        Map<String, Object> spec = gateway();
        ClusterView first = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        ClusterView second = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        http().put(path(first), spec).assertStatus(201);
        http().put(path(second), spec).assertProblem(409, "external-address-taken", "address");
        http().put(path(second), with(spec, "vlan", 9)).assertStatus(201);
        is(second, "ready");
    }

    @Test
    void theOldestNodesOfAClassCanHaveTheGateway() {
        String name = TopologyWorld.name();
        Map<String, Object> sizing = Map.of("podsPerCpu", 10, "podsPerGiB", 10, "minPods", 5, "maxPods", 50);
        http().put(
                        "/v1/clusters/" + name,
                        with(TopologyWorld.spec("10.4.0.0/16"), "nodeClasses", Map.of("edge", sizing)))
                .assertStatus(201);
        ClusterView cluster = world.clusterIs(name, "ready");
        Map<String, Object> spec = with(without(gateway(), "chassis"), "nodeClass", "edge");
        http().put(path(cluster), spec).assertStatus(201);
        assertThat(is(cluster, "failed").stateProblem()).isEqualTo("no-gateway-chassis");
        assertThat(network(cluster).hasGateway()).isFalse();
        for (String node : List.of("zeta", "alpha")) {
            http().put(
                            "/v1/clusters/" + name + "/nodes/" + node,
                            with(TopologyWorld.registration(node + "-chassis"), "nodeClass", "edge"))
                    .assertStatus(201);
            world.nodeIs(name, node, "ready");
        }
        world.join(name, "plain");
        http().put(path(cluster), with(spec, "vlan", 3)).assertStatus(200);
        is(cluster, "ready");
        await().atMost(TopologyWorld.LONG)
                .until(() -> network(cluster)
                        .gateway()
                        .orElseThrow()
                        .attachment()
                        .chassis()
                        .equals(List.of("zeta-chassis", "alpha-chassis")));
    }

    @Test
    void aNetworkThatIsDownFailsTheGatewayUntilItIsBack() {
        ClusterView cluster = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        world.network.of(cluster.id()).down = true;
        http().put(path(cluster), gateway()).assertStatus(201);
        assertThat(is(cluster, "failed").stateProblem()).isEqualTo("network-unavailable");
        world.network.of(cluster.id()).down = false;
        is(cluster, "ready");
    }

    @Test
    void aGatewayThatTheLedgerDoesNotKnowGoesAfterTwoLooks() {
        ClusterView cluster = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        http().put(path(cluster), gateway()).assertStatus(201);
        is(cluster, "ready");
        world.sql("delete from gateway where cluster_id = '%s'".formatted(cluster.id()));
        await().atMost(TopologyWorld.LONG).until(() -> !network(cluster).hasGateway());
    }
}
