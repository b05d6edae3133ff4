package io.portolan.lb;

import static io.portolan.lb.TestingKubernetes.clusterService;
import static io.portolan.lb.TestingKubernetes.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ipam.Http;
import io.portolan.kit.document.KeptDocument;
import io.portolan.model.NodeId;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ApiTest {
    private static LbWorld world;
    private static TestingKubernetes kubernetes;

    @BeforeAll
    static void start() {
        world = new LbWorld(new TestingNetworks());
        kubernetes = world.cluster("blue", "testing:");
        world.cluster("dark", "testing:");
        world.start();
        world.watch("blue", "203.0.113.0/28");
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    private static Http http() {
        return world.http();
    }

    @Test
    void whatCannotBeDeclaredIsRefusedByTheNameOfTheMember() {
        String path = "/v1/clusters/dark/load-balancing";
        http().put(path, "{}").assertProblem(400, "invalid", "kubernetes");
        http().put(path, LbWorld.spec("../etc")).assertProblem(400, "invalid", "kubernetes.secretRef");
        http().put(path, LbWorld.spec("dark", "203.0.113.0/28", "203.0.113.0/30"))
                .assertProblem(400, "invalid", "externalCidrs[1]");
        http().put(path, LbWorld.spec("dark", "10.0.0.0/8")).assertProblem(400, "invalid", "externalCidrs");
        http().put(path, LbWorld.spec("dark", "10.4.1.0/24")).assertProblem(400, "invalid", "externalCidrs");
        http().put(path, LbWorld.spec("dark", "fd00::/120")).assertProblem(400, "not-supported", "externalCidrs");
        http().put("/v1/clusters/none/load-balancing", LbWorld.spec("dark"))
                .assertProblem(404, "unknown-cluster", "cluster");
        http().get(path).assertProblem(404, "no-load-balancing", "cluster");
        http().delete(path).assertStatus(204);
        assertThat(world.rows("select state from load_balancing where cluster_id = '%s'".formatted(world.id("dark"))))
                .isEmpty();
    }

    @Test
    void aBlockOfTheGatewaysFloatingAddressesIsNotGivenToServices() {
        world.cluster("floating", "testing:");
        world.sql("""
            insert into gateway (cluster_id, physical_network, network, address, next_hop, chassis, snat, no_snat_cidrs, floating_cidrs, state)
            values ('%s', 'outer', '203.0.113.0/24', '203.0.113.1', '203.0.113.254', '{edge}', true, '{}', '{203.0.113.16/28}', 'ready')""".formatted(world.id("floating")));
        String path = "/v1/clusters/floating/load-balancing";
        http().put(path, LbWorld.spec("floating", "203.0.113.0/27"))
                .assertProblem(409, "external-cidrs-overlap", "externalCidrs");
        http().get(path).assertStatus(404);
        http().put(path, LbWorld.spec("floating", "203.0.113.32/27")).assertStatus(201);
        http().put(path, LbWorld.spec("floating", "203.0.113.32/27", "203.0.113.24/32"))
                .assertProblem(409, "external-cidrs-overlap", "externalCidrs");
    }

    @Test
    void declaringAgainChangesNothingAndAMissingSecretIsSaid() {
        String path = "/v1/clusters/blue/load-balancing";
        JsonNode same = http().put(path, LbWorld.spec("blue", "203.0.113.0/28"))
                .assertStatus(200)
                .json();
        assertThat(same.path("revision").asLong()).isZero();
        assertThat(same.path("spec").path("loadBalancerClass").asString()).isEqualTo("portolan.io/gateway");
        world.cluster("lost", "testing:");
        http().put("/v1/clusters/lost/load-balancing", LbWorld.spec("nowhere")).assertStatus(201);
        org.awaitility.Awaitility.await()
                .atMost(LbWorld.LONG)
                .until(() -> http().get("/v1/clusters/lost/load-balancing")
                        .json()
                        .path("stateReason")
                        .asString()
                        .equals("secret 'nowhere' has no kubeconfig here"));
    }

    @Test
    void balancersAreListedInPagesAndShownWithTheirMembersPorts() {
        NodeId node = world.node("blue", "node-1");
        String subnet = NodeId.random().toString();
        String port = NodeId.random().toString();
        world.sql(
                "insert into pool (cluster_id, name, cidr) values ('%s', 'pods', '10.4.0.0/16')"
                        .formatted(world.id("blue")),
                "insert into subnet (id, cluster_id, node_id, ordinal, pool, cidr, gateway, gateway_mac) values ('%s', '%s', '%s', 0, 'pods', '10.4.1.0/24', '10.4.1.1', '0a:58:0a:04:01:01')"
                        .formatted(subnet, world.id("blue"), node),
                "insert into port (id, cluster_id, node_id, subnet_id, ip, mac, backend_id, state, changed_by) values ('%s', '%s', '%s', '%s', '10.4.1.2', '0a:58:0a:04:01:02', 'b', 'free', 'test')"
                        .formatted(port, world.id("blue"), node, subnet));
        for (String name : List.of("a", "b", "c")) {
            kubernetes.apply(clusterService(name, "10.96.0.1" + (name.charAt(0) - 'a')));
            kubernetes.apply(slice(name, "10.4.1.2", "192.168.77.5"));
            world.active("blue", name);
        }
        JsonNode page = http().get("/v1/clusters/blue/load-balancers?limit=2").json();
        assertThat(page.path("loadBalancers").size()).isEqualTo(2);
        assertThat(page.path("next").asString()).isEqualTo("ns/b");
        assertThat(http().get("/v1/clusters/blue/load-balancers?cursor=ns/b")
                        .json()
                        .path("loadBalancers")
                        .get(0)
                        .path("name")
                        .asString())
                .isEqualTo("c");
        http().get("/v1/clusters/blue/load-balancers?limit=0").assertProblem(400, "invalid", "limit");
        http().get("/v1/clusters/blue/load-balancers/ns/none").assertProblem(404, "unknown-load-balancer", "name");
        org.awaitility.Awaitility.await().atMost(LbWorld.LONG).untilAsserted(() -> {
            JsonNode members = http().get("/v1/clusters/blue/load-balancers/ns/a")
                    .json()
                    .path("pools")
                    .get(0)
                    .path("members");
            assertThat(members.size()).isEqualTo(2);
            assertThat(members.get(0).path("portId").asString()).isEqualTo(port);
            assertThat(members.get(1).path("portId").isMissingNode()).isTrue();
        });
        JsonNode entry = http().get("/v1/clusters/blue/port-directory/10.4.1.2")
                .assertStatus(200)
                .json();
        assertThat(entry.path("portId").asString()).isEqualTo(port);
        assertThat(entry.path("ours").asBoolean()).isTrue();
        assertThat(entry.path("nodeName").asString()).isEqualTo("node-1");
        http().get("/v1/clusters/blue/port-directory/10.4.1.3").assertProblem(404, "unknown-address", "address");
        http().get("/v1/clusters/blue/port-directory/10.4.1").assertProblem(400, "invalid", "address");
    }

    @Test
    void theServiceTellsHowItIs() {
        Map<String, String> up = Map.of("liveness", "UP", "readiness", "UP");
        up.forEach((probe, status) -> assertThat(http().get("/actuator/health/" + probe)
                        .assertStatus(200)
                        .json()
                        .path("status")
                        .asString())
                .isEqualTo(status));
        assertThat(http().get("/actuator/prometheus").body()).contains("portolan_lb_delay_seconds");
    }

    @Test
    void theOpenApiDocumentIsTheOneCheckedIn() throws IOException {
        new KeptDocument(http().base(), "lb-sync-service").isTheOneCheckedIn();
    }

    @Test
    void theOpenApiDocumentCanBeReadAndTried() {
        new KeptDocument(http().base(), "lb-sync-service").canBeReadAndTried(body -> body);
    }
}
