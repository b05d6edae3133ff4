package io.portolan.security;

import static io.portolan.security.SecurityWorld.LONG;
import static io.portolan.security.SecurityWorld.allowTcp;
import static io.portolan.security.SecurityWorld.binding;
import static io.portolan.security.SecurityWorld.bindingFor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.Cidr;
import io.portolan.sdn.InMemorySecurity;
import io.portolan.sdn.PolicySpec;
import io.portolan.sdn.ProfileSpec.Direction;
import io.portolan.sdn.ProfileSpec.PortRange;
import io.portolan.sdn.ProfileSpec.Protocol;
import io.portolan.sdn.SdnSecurity.Abilities;
import io.portolan.security.SecurityWorld.Fleet;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** NetworkPolicies from the API server to the network, to nodes, and back out. */
class NetworkPoliciesTest {
    private static final Map<String, String> WEB = Map.of("app", "web");
    private static final Map<String, String> DB = Map.of("app", "db");

    @TempDir
    static Path secrets;

    private static SecurityWorld world;

    private final String secret = "api-" + UUID.randomUUID();
    private TestingKubernetes kubernetes;
    private String cluster;

    @BeforeAll
    static void startService() {
        world = new SecurityWorld();
        replica();
    }

    @AfterAll
    static void stopService() {
        world.close();
    }

    @BeforeEach
    void start() {
        kubernetes = new TestingKubernetes(secrets, secret);
        kubernetes.namespace("shop", Map.of("kind", "prod"));
        cluster = world.cluster();
    }

    @AfterEach
    void stop() {
        kubernetes.close();
    }

    private static SecurityReplica replica() {
        return world.start(
                "portolan.security.secrets=" + secrets,
                "portolan.security.policies.resync=1s",
                "portolan.security.policies.lease=3s");
    }

    private List<String> policies() {
        return world.rows("select name from network_policy where cluster_id = '%s'".formatted(world.id(cluster)));
    }

    private InMemorySecurity network() {
        return world.networks().inMemory(world.id(cluster));
    }

    private void declare(Map<String, Object> body) {
        assertThat(world.http()
                        .put("/v1/clusters/" + cluster + "/security", body)
                        .status())
                .isBetween(200, 201);
    }

    private void declare() {
        declare(Map.of("networkPolicies", Map.of("kubernetes", Map.of("secretRef", secret))));
    }

    /** What a node hears: names of policies that the network has, with their ids. */
    private Map<String, String> heard(Fleet fleet) {
        JsonNode policies = world.http()
                .get("/v1/nodes/%s/security".formatted(fleet.node()))
                .json()
                .path("policies");
        return StreamSupport.stream(policies.spliterator(), false)
                .filter(policy -> policy.path("ready").asBoolean())
                .collect(Collectors.toMap(
                        policy -> policy.path("name").asString(),
                        policy -> policy.path("id").asString()));
    }

    private String awaitHeard(Fleet fleet, String name) {
        await().atMost(LONG).until(() -> heard(fleet).containsKey(name));
        return heard(fleet).get(name);
    }

    private void awaitPeers(String... blocks) {
        Set<Cidr> wanted = Arrays.stream(blocks).map(Cidr::parse).collect(Collectors.toSet());
        await().atMost(LONG)
                .untilAsserted(() -> assertThat(network().policies())
                        .singleElement()
                        .satisfies(policy -> assertThat(policy.addresses()).isEqualTo(Map.of("ingress-0", wanted))));
    }

    @Test
    void aPolicyIsInTheNetworkFollowsThePodsAndGoesWhenNoPortIsInIt() {
        Fleet fleet = world.fleet(cluster, 2);
        String web = world.profile(cluster, "web", allowTcp(80));
        String other = world.profile(cluster, "other", allowTcp(81));
        declare();
        kubernetes.pod("shop", "db-1", DB, "10.4.1.9");
        kubernetes.allow("shop", "only", WEB, DB, 80);
        String only = awaitHeard(fleet, "only");
        awaitPeers("10.4.1.9/32");
        PolicySpec made = network().policies().getFirst();
        assertThat(made.isolates()).containsExactly(Direction.INGRESS);
        assertThat(made.rules())
                .containsExactly(
                        new PolicySpec.Rule(Direction.INGRESS, Protocol.TCP, new PortRange(80, 80), "ingress-0", null));
        assertThat(world.http()
                        .get("/v1/nodes/%s/security".formatted(fleet.node()))
                        .json()
                        .at("/policies/0/podSelector/matchLabels/app")
                        .asString())
                .isEqualTo("web");

        kubernetes.pod("shop", "db-2", DB, "10.4.2.9");
        awaitPeers("10.4.1.9/32", "10.4.2.9/32");
        kubernetes.deletePod("shop", "db-1");
        awaitPeers("10.4.2.9/32");

        world.bind(fleet, bindingFor("shop", fleet.port(0), web, only)).assertStatus(200);
        kubernetes.deletePolicy("shop", "only");
        await().atMost(LONG).until(() -> heard(fleet).isEmpty());
        assertThat(network().ownPolicies()).hasSize(1);
        world.bind(fleet, bindingFor("shop", fleet.port(0), web, only)).assertStatus(200);
        world.bind(fleet, bindingFor("shop", fleet.port(0), other)).assertStatus(409);
        world.bind(fleet, bindingFor("shop", fleet.port(0), web)).assertStatus(200);
        await().atMost(LONG).until(() -> network().ownPolicies().isEmpty());
        world.bind(fleet, bindingFor("shop", fleet.port(1), web, only)).assertStatus(400);
        assertThat(network().bindings(fleet.node()).values()).contains(Set.of("profile-" + web));
    }

    @Test
    void aPortGoesStraightToASetThatDiffersInPoliciesOnly() {
        Fleet fleet = world.fleet(cluster, 2);
        String web = world.profile(cluster, "web", allowTcp(80));
        String other = world.profile(cluster, "other", allowTcp(81));
        declare();
        kubernetes.allow("shop", "one", WEB, DB, 80);
        kubernetes.allow("shop", "two", WEB, WEB, 80);
        String one = awaitHeard(fleet, "one");
        String two = awaitHeard(fleet, "two");
        world.bind(fleet, bindingFor("shop", fleet.port(0), web)).assertStatus(200);
        world.bind(fleet, bindingFor("shop", fleet.port(0), web, one)).assertStatus(200);
        world.bind(fleet, bindingFor("shop", fleet.port(0), web, two)).assertStatus(200);
        assertThat(network().bindings(fleet.node()).get(fleet.port(0)))
                .containsExactlyInAnyOrder("profile-" + web, "policy-" + two);
        world.bind(fleet, bindingFor("shop", fleet.port(0), other, two)).assertStatus(409);
        world.bind(fleet, bindingFor("office", fleet.port(1), web, one)).assertStatus(403);
        world.bind(fleet, binding(fleet.port(1), web, one)).assertStatus(200);
    }

    @Test
    void policiesThatDoNotCountAnyMoreAreTakenBack() {
        Fleet fleet = world.fleet(cluster, 1);
        declare();
        kubernetes.allow("shop", "only", WEB, DB, 80);
        awaitHeard(fleet, "only");
        assertThat(world.http()
                        .get("/v1/clusters/" + cluster + "/security")
                        .json()
                        .at("/networkPolicies/kubernetes/secretRef")
                        .asString())
                .isEqualTo(secret);
        declare(Map.of());
        await().atMost(LONG)
                .until(() -> heard(fleet).isEmpty() && network().ownPolicies().isEmpty());
        assertThat(policies()).isEmpty();
        world.http()
                .put(
                        "/v1/clusters/" + cluster + "/security",
                        Map.of("networkPolicies", Map.of("kubernetes", Map.of("secretRef", "../up"))))
                .assertStatus(400);
        world.http()
                .put("/v1/clusters/" + cluster + "/security", Map.of("networkPolicies", Map.of()))
                .assertStatus(400);
    }

    @Test
    void whereGroupsOnlyAddUpAnEventSaysSo() {
        network().abilities(new Abilities(true, false, false, false, 8));
        declare();
        kubernetes.allow("shop", "only", WEB, DB, 80);
        await().atMost(LONG)
                .until(() -> kubernetes.events("shop", "only").equals(List.of("NetworkPolicyNotSupported")));
        assertThat(policies()).isEmpty();
    }

    private void awaitStand(String wanted) {
        await().atMost(LONG)
                .untilAsserted(() -> assertThat(world.http()
                                .get("/v1/clusters/" + cluster + "/security")
                                .json()
                                .path("policies")
                                .propertyStream()
                                .filter(each -> !each.getKey().equals("stateReason"))
                                .map(each -> each.getValue().asString())
                                .collect(Collectors.joining(" ")))
                        .isEqualTo(wanted));
    }

    @Test
    void anApiServerThatCannotBeHadIsSeenWithTheSecurityUntilItCan() {
        Fleet fleet = world.fleet(cluster, 1);
        String later = "later-" + UUID.randomUUID();
        declare(Map.of("networkPolicies", Map.of("kubernetes", Map.of("secretRef", later))));
        kubernetes.allow("shop", "only", WEB, DB, 80);
        awaitStand("failed kubernetes-secret-unknown");
        try (TestingGate gate = new TestingGate(kubernetes.port())) {
            TestingKubernetes.kubeconfig(secrets, later, gate.port());
            awaitStand("failed kubernetes-unavailable");
            assertThat(heard(fleet)).isEmpty();
            gate.open();
            awaitStand("ready");
            awaitHeard(fleet, "only");
            gate.shut();
            awaitStand("failed kubernetes-unavailable");
            assertThat(heard(fleet)).containsOnlyKeys("only");
            gate.open();
            awaitStand("ready");
        }
    }

    @Test
    void anotherReplicaWatchesWhenOneIsGone() {
        Fleet fleet = world.fleet(cluster, 1);
        declare();
        kubernetes.allow("shop", "only", WEB, DB, 80);
        awaitHeard(fleet, "only");
        SecurityReplica second = replica();
        SecurityReplica first = world.first();
        world.stop(first);
        kubernetes.pod("shop", "db-1", DB, "10.4.1.9");
        awaitPeers("10.4.1.9/32");
        assertThat(second.http()
                        .get("/v1/nodes/%s/security".formatted(fleet.node()))
                        .status())
                .isEqualTo(200);
        assertThat(heard(fleet)).containsOnlyKeys("only");
    }
}
