package io.portolan.security;

import static io.portolan.security.SecurityWorld.LONG;
import static io.portolan.security.SecurityWorld.allowTcp;
import static io.portolan.security.SecurityWorld.binding;
import static io.portolan.security.SecurityWorld.bindingFor;
import static io.portolan.security.SecurityWorld.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.sdn.neutron.NeutronDouble;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.testbed.openstack.CloudApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster in an OpenStack project, which stands in for a real one: profiles are its security groups. */
class UnderlayTest {
    @TempDir
    private Path secrets;

    private final NeutronDouble cloud = NeutronDouble.start();
    private final Tenant tenant = cloud.tenant("blue");
    private final SecurityWorld world = new SecurityWorld();
    private String cluster;
    private SecurityWorld.Fleet fleet;
    private String backendId;

    @BeforeEach
    void aClusterInACloud() throws IOException {
        cluster = world.cluster();
        Files.writeString(
                Files.createDirectory(secrets.resolve(cluster)).resolve("clouds.yaml"),
                tenant.login().cloudsYaml("openstack"));
        NodeId node = NodeId.random();
        PortId port = PortId.random();
        String vms = tenant.api()
                .network()
                .post("/networks", Map.of("network", Map.of("name", "pods")))
                .at("/network/id")
                .asString();
        backendId = tenant.api()
                .network()
                .post("/ports", Map.of("port", Map.of("network_id", vms)))
                .at("/port/id")
                .asString();
        world.sql(
                "update cluster set mode = 'underlay', nesting_wanted = 'auto', backend = '%s', secret_ref = '%s' where name = '%2$s'"
                        .formatted(cloud.authUrl(), cluster),
                "insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, parent_port, agent, epoch, state) values ('%s', '%s', 'vm', 4, 8192, 110, 'vif', gen_random_uuid(), 1, 'ready')"
                        .formatted(node, world.id(cluster)),
                "insert into subnet (id, cluster_id, node_id, ordinal, pool, cidr, gateway, gateway_mac) values ('%1$s', '%2$s', '%1$s', 0, 'pods', '10.4.0.0/24', '10.4.0.1', '0a:58:0a:04:00:01')"
                        .formatted(node, world.id(cluster)),
                "insert into port (id, cluster_id, node_id, subnet_id, ip, mac, parent, vlan_tag, backend_id, state, lease_epoch, changed_by) values ('%s', '%s', '%s', '%3$s', '10.4.0.2', '0a:58:0a:04:00:02', 'vif', 101, '%s', 'leased', 1, 'test')"
                        .formatted(port, world.id(cluster), node, backendId));
        fleet = new SecurityWorld.Fleet(node, List.of(port));
        world.start("portolan.security.secrets=" + secrets, "portolan.security.policies.resync=1s");
    }

    @AfterEach
    void stop() {
        world.close();
        cloud.close();
    }

    private static String group(CloudApi.Service network, String name) {
        return network.post("/security-groups", Map.of("security_group", Map.of("name", name)))
                .at("/security_group/id")
                .asString();
    }

    private Set<String> groups() {
        Set<String> groups = new TreeSet<>();
        tenant.api()
                .network()
                .get("/ports/" + backendId)
                .at("/port/security_groups")
                .forEach(group -> groups.add(group.asString()));
        return groups;
    }

    @Test
    void groupsOfTheAdministratorAndOursArePutOnPortsTogether() {
        String theirs = group(tenant.api().network(), "by-hand");
        String foreign = group(cloud.tenant("red").api().network(), "of-others");
        world.http()
                .put(path(cluster, "stolen"), Map.of("group", foreign))
                .assertProblem(400, "unknown-group", "group");
        world.http()
                .put(path(cluster, "nothing"), Map.of("group", NodeId.random().toString()))
                .assertProblem(400, "unknown-group", "group");
        world.http()
                .put(path(cluster, "drops"), Map.of("rules", List.of(Map.of("direction", "ingress", "action", "drop"))))
                .assertProblem(400, "not-supported", "rules[0].action");
        world.http().put(path(cluster, "by-hand"), Map.of("group", theirs)).assertStatus(201);
        String adopted = world.ready(cluster, "by-hand");
        String web = world.profile(cluster, "web", allowTcp(80));
        world.enforce(cluster, theirs);
        world.bind(fleet, binding(fleet.port(0), web, adopted)).assertStatus(200);
        assertThat(groups()).hasSize(2).contains(theirs);
        world.http().delete(path(cluster, "by-hand")).assertProblem(409, "profile-in-use", "");
        world.bind(fleet, binding(fleet.port(0))).assertStatus(200);
        assertThat(groups()).isEmpty();
        world.http()
                .put("/v1/clusters/" + cluster + "/security", Map.of("defaultProfiles", List.of()))
                .assertStatus(200);
        for (String name : List.of("by-hand", "web")) {
            world.http().delete(path(cluster, name)).assertStatus(204);
            await().atMost(LONG)
                    .until(() -> world.http().get(path(cluster, name)).status() == 404);
        }
        world.http().put(path(cluster, "by-hand"), Map.of("group", theirs)).assertStatus(201);
        world.ready(cluster, "by-hand");
        assertThat(tenant.api().network().get("/security-groups").findValuesAsString("name"))
                .contains("by-hand")
                .doesNotContain("portolan-web");
        tenant.api().network().delete("/security-groups/" + theirs);
        await().atMost(LONG)
                .until(() -> world.http()
                        .get(path(cluster, "by-hand"))
                        .json()
                        .path("stateProblem")
                        .asString("")
                        .equals("network-object-unknown"));
        world.bind(fleet, binding(fleet.port(0), idOf("by-hand")))
                .assertProblem(409, "profile-not-ready", "bindings[0].profiles[0]");
    }

    @Test
    void aNetworkPolicyNarrowsAndAnEventSaysWhatAGroupCannotSay() {
        try (TestingKubernetes kubernetes = new TestingKubernetes(secrets, "api-blue")) {
            kubernetes.namespace("shop", Map.of());
            kubernetes.pod("shop", "db-1", Map.of("app", "db"), "10.4.1.9");
            String web = world.profile(cluster, "web", allowTcp(80), allowTcp(81));
            world.http()
                    .put(
                            "/v1/clusters/" + cluster + "/security",
                            Map.of("networkPolicies", Map.of("kubernetes", Map.of("secretRef", "api-blue"))))
                    .assertStatus(201);
            kubernetes.allow("shop", "only", Map.of("app", "web"), Map.of("app", "db"), 80);
            String only = heard();
            world.bind(fleet, bindingFor("shop", fleet.port(0), web, only)).assertStatus(200);
            await().atMost(LONG).untilAsserted(() -> assertThat(passes()).containsExactly("tcp 80 10.4.1.9/32"));
            kubernetes.pod("shop", "db-2", Map.of("app", "db"), "10.4.2.9");
            await().atMost(LONG)
                    .untilAsserted(
                            () -> assertThat(passes()).containsExactly("tcp 80 10.4.1.9/32", "tcp 80 10.4.2.9/32"));
            assertThat(kubernetes.events("shop", "only")).isEmpty();
            ContainerPort named = new ContainerPortBuilder()
                    .withName("http")
                    .withContainerPort(80)
                    .withProtocol("TCP")
                    .build();
            kubernetes.pod("shop", "web-1", Map.of("app", "web"), "10.4.0.2", named);
            kubernetes.allow("shop", "only", Map.of("app", "web"), Map.of("app", "db"), "http");
            await().atMost(LONG)
                    .until(() -> kubernetes.events("shop", "only").equals(List.of("NetworkPolicyNotSupported")));
            await().atMost(LONG).untilAsserted(() -> assertThat(passes()).isEmpty());
            world.bind(fleet, binding(fleet.port(0))).assertStatus(200);
        }
    }

    /** The policy that the network has, as a node hears of it. */
    private String heard() {
        String path = "/v1/nodes/%s/security".formatted(fleet.node());
        await().atMost(LONG)
                .until(() ->
                        world.http().get(path).json().at("/policies/0/ready").asBoolean());
        return world.http().get(path).json().at("/policies/0/id").asString();
    }

    /** What the port's group lets in. */
    private List<String> passes() {
        return groups().stream()
                .flatMap(group -> tenant.api()
                        .network()
                        .get("/security-groups/" + group)
                        .at("/security_group/security_group_rules")
                        .valueStream())
                .map(rule -> "%s %s %s"
                        .formatted(
                                rule.path("protocol").asString(),
                                rule.path("port_range_max").asString(),
                                rule.path("remote_ip_prefix").asString()))
                .sorted()
                .toList();
    }

    private String idOf(String name) {
        return world.http().get(path(cluster, name)).json().path("id").asString();
    }
}
