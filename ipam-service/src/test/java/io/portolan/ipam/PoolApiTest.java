package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.Cidr;
import io.portolan.model.NodeId;
import io.portolan.model.api.PoolRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PoolApiTest {
    private final World.TestingCluster cluster = World.cluster("10.4.0.0/16,10.6.0.0/16", 30);

    private Http.Answer put(String pool, String cidr) {
        return World.http().put(cluster.path() + "/pools/" + pool, new PoolRequest(Cidr.parse(cidr)));
    }

    @Test
    void aPoolIsDeclaredOnceAndShowsHowMuchOfItIsUsed() {
        put("a", "10.4.0.0/17").assertStatus(201);
        put("a", "10.4.0.0/17").assertStatus(200);
        put("b", "10.6.0.0/16").assertStatus(201);
        NodeId node = World.node(cluster);
        World.freePorts(node, 0, 28);
        World.claim(node, 3);
        JsonNode pools =
                World.http().get(cluster.path() + "/pools").assertStatus(200).json();
        assertThat(pools.get(0).toString()).isEqualTo("""
                        {"name":"a","cidr":"10.4.0.0/17","size":32768,"subnets":1,"addressesInSubnets":16,"ports":\
                        {"planned":0,"provisioning":0,"free":10,"leased":3,"bound":0,"cooling":0,"draining":0,"failed":0}}""");
        assertThat(pools.get(1).path("subnets").asInt()).isZero();
        assertThat(pools.get(1).path("ports").path("free").asInt()).isZero();
        JsonNode utilisation = World.http()
                .get(cluster.path() + "/utilisation")
                .assertStatus(200)
                .json();
        assertThat(utilisation.path("leases").toString()).isEqualTo("{\"idle\":3,\"total\":3}");
        assertThat(utilisation.path("nodes").get(0).path("ports").path("free").asInt())
                .isEqualTo(10);
        assertThat(utilisation.path("nodes").get(0).path("subnets").asInt()).isEqualTo(1);
    }

    @Test
    void utilisationPagesByNode() {
        put("a", "10.4.0.0/16").assertStatus(201);
        List<NodeId> nodes = List.of(World.node(cluster), World.node(cluster), World.node(cluster));
        List<String> seen = new ArrayList<>();
        String cursor = "";
        while (cursor != null) {
            JsonNode page = World.http()
                    .get(cluster.path() + "/utilisation?limit=2&cursor=" + cursor)
                    .assertStatus(200)
                    .json();
            page.path("nodes").forEach(node -> seen.add(node.path("node").asString()));
            cursor = page.path("next").asString(null);
        }
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        nodes.stream().map(NodeId::toString).toList());
    }

    @Test
    void anotherBlockUnderTheSameNameIsRefused() {
        put("a", "10.4.0.0/17").assertStatus(201);
        JsonNode problem = World.changingNothing(
                cluster, () -> put("a", "10.4.128.0/17").assertProblem(409, "pool-differs", "cidr"));
        assertThat(problem.path("cidr").asString()).isEqualTo("10.4.0.0/17");
    }

    @Test
    void anOverlapIsRefusedAndNamesTheOtherPool() {
        put("a", "10.4.0.0/17").assertStatus(201);
        JsonNode problem = World.changingNothing(
                cluster, () -> put("b", "10.4.64.0/18").assertProblem(409, "pool-overlaps", "cidr"));
        assertThat(problem.path("pool").asString()).isEqualTo("a");
        assertThat(problem.path("detail").asString()).contains("pool a (10.4.0.0/17)");
    }

    @Test
    void aPoolOutsideTheClustersAddressesIsRefused() {
        World.changingNothing(
                cluster, () -> put("a", "10.5.0.0/16").assertProblem(409, "pool-outside-cluster", "cidr"));
        World.changingNothing(
                cluster, () -> put("a", "10.4.0.0/15").assertProblem(409, "pool-outside-cluster", "cidr"));
    }

    @Test
    void aPoolInUseIsKeptAndOneThatIsNotGoes() {
        put("a", "10.4.0.0/16").assertStatus(201);
        NodeId node = World.node(cluster);
        World.freePorts(node, 0, 28);
        JsonNode problem = World.changingNothing(
                cluster, () -> World.http().delete(cluster.path() + "/pools/a").assertProblem(409, "pool-in-use", ""));
        assertThat(problem.path("subnets").asInt()).isEqualTo(1);
        put("b", "10.6.0.0/16").assertStatus(201);
        for (int i = 0; i < 2; i++) {
            World.http().delete(cluster.path() + "/pools/b").assertStatus(204);
        }
        World.http().delete("/v1/clusters/nowhere/pools/b").assertStatus(204);
    }

    @Test
    void ofPoolsDeclaredAtOnceOneIsMadeAndTheOthersAreToldWhy() throws Exception {
        List<Callable<Http.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Http http = World.replica(i % 3).http();
            String name = "p" + i % 6;
            calls.add(() -> http.put(cluster.path() + "/pools/" + name, "{\"cidr\":\"10.4.0.0/16\"}"));
        }
        List<Http.Answer> answers = ClaimApiTest.atOnce(calls);
        assertThat(answers.stream().filter(answer -> answer.status() == 201)).hasSize(1);
        assertThat(answers.stream().filter(answer -> answer.status() == 200)).hasSize(1);
        for (Http.Answer answer : answers) {
            if (answer.status() > 201) {
                answer.assertProblem(409, "pool-overlaps", "cidr");
            }
        }
    }
}
