package io.portolan.security;

import static io.portolan.security.SecurityWorld.LONG;
import static io.portolan.security.SecurityWorld.allowTcp;
import static io.portolan.security.SecurityWorld.binding;
import static io.portolan.security.SecurityWorld.conditional;
import static io.portolan.security.SecurityWorld.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.kit.document.KeptDocument;
import io.portolan.model.ProfileId;
import io.portolan.model.api.NodeSecurity;
import io.portolan.sdn.InMemorySecurity;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.ProfileSpec.Remote;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ProfilesApiTest {
    private static SecurityWorld world;

    private String cluster;
    private InMemorySecurity network;

    @BeforeAll
    static void start() {
        world = new SecurityWorld();
        world.start();
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    @BeforeEach
    void anotherCluster() {
        cluster = world.cluster();
        network = world.networks().inMemory(world.id(cluster));
    }

    private static Http http() {
        return world.http();
    }

    @Test
    void profilesThatNameEachOtherAndThemselvesAreMadeInTheNetwork() {
        http().put(path(cluster, "db"), Map.of("rules", List.of())).assertStatus(201);
        Object fromSelf = Map.of("direction", "ingress", "remote", Map.of("profile", "web"));
        Object toDb = Map.of(
                "direction",
                "egress",
                "protocol",
                "tcp",
                "ports",
                Map.of("first", 5432),
                "remote",
                Map.of("profile", "db"));
        http().put(path(cluster, "web"), Map.of("rules", List.of(fromSelf, toDb)))
                .assertStatus(201);
        Object fromWeb = Map.of("direction", "ingress", "remote", Map.of("profile", "web"));
        http().put(path(cluster, "db"), Map.of("rules", List.of(fromWeb))).assertStatus(200);
        String web = world.ready(cluster, "web");
        String db = world.ready(cluster, "db");
        assertThat(network.profiles()).extracting(spec -> spec.id().toString()).containsExactlyInAnyOrder(web, db);
        assertThat(remotes(web)).containsExactlyInAnyOrder(members(web), members(db));
        assertThat(remotes(db)).containsExactly(members(web));
        http().delete(path(cluster, "db"))
                .assertProblem(409, "profile-in-use", "")
                .path("usedBy")
                .forEach(use -> assertThat(use.asString()).isEqualTo("rules of profile web"));
    }

    private List<Remote> remotes(String profile) {
        return network.profiles().stream()
                .filter(spec -> spec.id().toString().equals(profile))
                .flatMap(spec -> spec.rules().stream())
                .map(ProfileSpec.Rule::remote)
                .toList();
    }

    private static Remote members(String profile) {
        return new Remote.Members("profile-" + profile);
    }

    @Test
    void aChangedProfileReachesTheNetworkWithoutABinding() {
        String web = world.profile(cluster, "web", allowTcp(80));
        SecurityWorld.Fleet fleet = world.fleet(cluster, 1);
        world.enforce(cluster);
        world.bind(fleet, binding(fleet.port(0), web)).assertStatus(200);
        long binds = network.binds();
        http().put(path(cluster, "web"), Map.of("rules", List.of(allowTcp(80), allowTcp(443))))
                .assertStatus(200);
        await().atMost(LONG).until(() -> network.profiles().getFirst().rules().size() == 2);
        world.ready(cluster, "web");
        assertThat(network.binds()).isEqualTo(binds);
    }

    @Test
    void declaringAgainChangesNothingAndAStaleTagIsRefused() {
        String path = path(cluster, "web");
        String body = "{\"rules\":[{\"direction\":\"egress\"}],\"namespaces\":[\"b\",\"a\"]}";
        List<String> first = conditional(http(), "PUT", path, body, "If-Match", null);
        assertThat(first.get(1)).isEqualTo("201");
        List<String> again = conditional(http(), "PUT", path, body, "If-Match", first.getFirst());
        assertThat(again.subList(0, 2)).containsExactly(first.getFirst(), "200");
        List<String> changed = conditional(http(), "PUT", path, "{}", "If-Match", first.getFirst());
        assertThat(changed.get(1)).isEqualTo("200");
        assertThat(changed.getFirst()).isNotEqualTo(first.getFirst());
        for (String method : List.of("PUT", "DELETE")) {
            List<String> stale =
                    conditional(http(), method, path, method.equals("PUT") ? body : null, "If-Match", first.getFirst());
            assertThat(stale.get(1)).isEqualTo("412");
            assertThat(stale.get(2)).contains("urn:portolan:problem:stale");
        }
        assertThat(conditional(http(), "PUT", path(cluster, "new"), body, "If-Match", "*")
                        .get(1))
                .isEqualTo("412");
        assertThat(http().get(path).json().path("rules").size()).isZero();
        assertThat(conditional(http(), "GET", path, null, "If-Match", null).getFirst())
                .isEqualTo(changed.getFirst());
        assertThat(conditional(http(), "DELETE", path, null, "If-Match", changed.getFirst())
                        .get(1))
                .isEqualTo("204");
        await().atMost(LONG).until(() -> http().get(path).status() == 404);
        assertThat(conditional(http(), "PUT", path, body, "If-Match", changed.getFirst())
                        .get(1))
                .isEqualTo("412");
    }

    @Test
    void aDeletedProfileLeavesTheNetworkAndItsName() {
        String first = world.profile(cluster, "web", allowTcp(80));
        http().delete(path(cluster, "web")).assertStatus(204);
        await().atMost(LONG).until(() -> http().get(path(cluster, "web")).status() == 404);
        assertThat(network.profiles()).isEmpty();
        http().delete(path(cluster, "web")).assertStatus(204);
        assertThat(world.profile(cluster, "web")).isNotEqualTo(first);
    }

    @Test
    void anAdoptedGroupIsAProfileAndIsNeverMadeOrChanged() {
        world.networks().shared().foreignGroup("sg-" + cluster);
        http().put(path(cluster, "outside"), Map.of("group", "sg-" + cluster)).assertStatus(201);
        String id = world.ready(cluster, "outside");
        http().put(path(cluster, "twice"), Map.of("group", "sg-" + cluster))
                .assertProblem(409, "group-adopted", "group");
        SecurityWorld.Fleet fleet = world.fleet(cluster, 1);
        world.enforce(cluster, "sg-" + cluster);
        world.bind(fleet, binding(fleet.port(0), id)).assertStatus(200);
        assertThat(network.bindings(fleet.node())).containsEntry(fleet.port(0), java.util.Set.of("sg-" + cluster));
        NodeSecurity known =
                http().get("/v1/nodes/" + fleet.node() + "/security").as(NodeSecurity.class);
        assertThat(known.profiles().getFirst().group()).isEqualTo("sg-" + cluster);
        assertThat(network.profiles()).isEmpty();
    }

    @Test
    void aProfileThatTheNetworkRefusesFailsAloneAndSaysWhy() {
        network.abilities(new io.portolan.sdn.SdnSecurity.Abilities(true, true, true, true, 32));
        Object drop = Map.of("direction", "egress", "action", "drop");
        world.networks().shared().up(false);
        try {
            http().put(path(cluster, "only-allows"), Map.of("rules", List.of(allowTcp(80))))
                    .assertStatus(201);
            http().put(path(cluster, "drops"), Map.of("rules", List.of(drop))).assertStatus(201);
            await().atMost(LONG)
                    .until(() -> http().get(path(cluster, "drops"))
                            .json()
                            .path("stateProblem")
                            .asString("")
                            .equals("network-unavailable"));
        } finally {
            network.abilities(new io.portolan.sdn.SdnSecurity.Abilities(true, false, true, true, 32));
            world.networks().shared().up(true);
        }
        world.ready(cluster, "only-allows");
        await().atMost(LONG)
                .until(() -> http().get(path(cluster, "drops"))
                        .json()
                        .path("stateProblem")
                        .asString("")
                        .equals("network-cannot"));
        network.abilities(new io.portolan.sdn.SdnSecurity.Abilities(true, true, true, true, 32));
    }

    @Test
    void usageTellsPortsPodsPoolsAndDefaults() {
        String web = world.profile(cluster, "web", allowTcp(80));
        SecurityWorld.Fleet fleet = world.fleet(cluster, 3);
        world.enforce(cluster, "web");
        http().put("/v1/clusters/" + cluster + "/profile-pools/webs", Map.of("profiles", List.of("web"), "size", 2))
                .assertStatus(201);
        world.bind(fleet, binding(fleet.port(0), web), binding(fleet.port(1), web), binding(fleet.port(2), web))
                .assertStatus(200);
        world.podOn(fleet.port(0), "shop", "a");
        world.podOn(fleet.port(1), "shop", "b");
        JsonNode usage = http().get(path(cluster, "web") + "/usage?limit=1").json();
        assertThat(usage.path("ports").asLong()).isEqualTo(3);
        assertThat(usage.path("nodes").asLong()).isEqualTo(1);
        assertThat(usage.path("isDefault").asBoolean()).isTrue();
        assertThat(usage.path("pools").get(0).asString()).isEqualTo("webs");
        JsonNode rest = http().get(path(cluster, "web") + "/usage?cursor="
                        + usage.path("next").asString())
                .json();
        assertThat(Stream.of(usage, rest)
                        .flatMap(page -> StreamSupport.stream(page.path("pods").spliterator(), false))
                        .map(pod -> pod.path("pod").path("name").asString()))
                .containsExactlyInAnyOrder("a", "b");
        http().delete(path(cluster, "web")).assertProblem(409, "profile-in-use", "");
        http().delete("/v1/clusters/" + cluster + "/security").assertProblem(409, "profiles-bound", "");
    }

    @Test
    void aNodeIsToldAllOnceAndThenOnlyWhatChanged() {
        String web = world.profile(cluster, "web", allowTcp(80));
        SecurityWorld.Fleet fleet = world.fleet(cluster, 1);
        world.sql(
                "insert into node_class (cluster_id, name, pods_per_cpu, pods_per_gib, min_pods, max_pods) values ('%s', 'gpu', 1, 1, 1, 1)"
                        .formatted(world.id(cluster)));
        world.enforce(cluster, "web");
        String pools = "/v1/clusters/" + cluster + "/profile-pools/";
        http().put(pools + "all", Map.of("profiles", List.of("web"), "size", 2)).assertStatus(201);
        http().put(pools + "gpus", Map.of("profiles", List.of("web"), "size", 9, "nodeClass", "gpu"))
                .assertStatus(201);
        String path = "/v1/nodes/" + fleet.node() + "/security";
        NodeSecurity known = http().get(path).as(NodeSecurity.class);
        ProfileId id = ProfileId.parse(web);
        assertThat(known)
                .isEqualTo(new NodeSecurity(
                        true,
                        List.of(new NodeSecurity.Profile(id, "web", null, null, true)),
                        List.of(id),
                        List.of(new NodeSecurity.Pool(List.of(id), 2))));
        List<String> first = conditional(http(), "GET", path, null, "If-None-Match", null);
        assertThat(conditional(http(), "GET", path, null, "If-None-Match", first.getFirst())
                        .subList(1, 3))
                .containsExactly("304", "");
        http().put(pools + "all", Map.of("profiles", List.of("web"), "size", 3)).assertStatus(200);
        assertThat(conditional(http(), "GET", path, null, "If-None-Match", first.getFirst())
                        .get(1))
                .isEqualTo("200");
        assertThat(http().get(pools.substring(0, pools.length() - 1) + "?limit=1")
                        .json()
                        .path("next")
                        .asString())
                .isEqualTo("all");
        http().delete(pools + "all").assertStatus(204);
        http().get(pools + "all").assertProblem(404, "unknown-profile-pool", "name");
    }

    @Test
    void securityIsTakenBackOnceNobodyReliesOnItOrByForce() {
        String web = world.profile(cluster, "web", allowTcp(80));
        SecurityWorld.Fleet fleet = world.fleet(cluster, 2);
        String path = "/v1/clusters/" + cluster + "/security";
        http().get(path).assertProblem(404, "no-security", "cluster");
        world.enforce(cluster);
        assertThat(network.closed()).containsExactly(fleet.node());
        world.bind(fleet, binding(fleet.port(0), web)).assertStatus(200);
        world.podOn(fleet.port(0), "shop", "a");
        http().delete(path).assertProblem(409, "profiles-bound", "");
        http().delete(path + "?force=true").assertStatus(204);
        await().atMost(LONG).until(() -> http().get(path).status() == 404);
        assertThat(network.closed()).isEmpty();
        assertThat(network.bindings(fleet.node()).get(fleet.port(0))).isEmpty();
        assertThat(world.rows("select node_id from closed_node where cluster_id = '%s'".formatted(world.id(cluster))))
                .isEmpty();
        http().delete(path(cluster, "web")).assertStatus(204);
        await().atMost(LONG).until(() -> world.dump(cluster).isEmpty());
    }

    @Test
    void theServiceTellsHowItIs() {
        Map.of("liveness", "UP", "readiness", "UP")
                .forEach((probe, status) -> assertThat(http().get("/actuator/health/" + probe)
                                .assertStatus(200)
                                .json()
                                .path("status")
                                .asString())
                        .isEqualTo(status));
        assertThat(http().get("/actuator/prometheus").body()).contains("portolan_security_writes_total");
    }

    @Test
    void theOpenApiDocumentIsTheOneCheckedIn() throws IOException {
        new KeptDocument(http().base(), "security-service").isTheOneCheckedIn();
    }

    @Test
    void theOpenApiDocumentCanBeReadAndTried() {
        new KeptDocument(http().base(), "security-service").canBeReadAndTried(body -> body);
    }
}
