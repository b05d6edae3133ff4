package io.portolan.lb;

import static io.portolan.lb.TestingKubernetes.clusterService;
import static io.portolan.lb.TestingKubernetes.loadBalancer;
import static io.portolan.lb.TestingKubernetes.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Service;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterName;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.neutron.NeutronBackends;
import io.portolan.sdn.neutron.NeutronDouble;
import io.portolan.sdn.neutron.NeutronTarget;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.testbed.openstack.CloudApi;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The whole service for a cluster in an OpenStack project, which stands in for a real one. */
class UnderlayServicesTest {
    private final NeutronDouble cloud = NeutronDouble.start();
    private final Tenant tenant = cloud.tenant("blue");
    private final LbWorld world = new LbWorld(new TestingNetworks());
    private TestingKubernetes kubernetes;
    private String vm;

    @BeforeEach
    void aClusterInACloud() {
        externalNetwork(cloud.admin().network());
        kubernetes = world.cluster("blue", "later:");
        String router = router();
        world.inCloud("blue", cloud.authUrl().toString(), tenant.login().cloudsYaml("openstack"), router);
        CloudApi.Service network = tenant.api().network();
        String vms = network.post("/networks", Map.of("network", Map.of("name", "vms")))
                .at("/network/id")
                .asString();
        String subnet = network.post(
                        "/subnets",
                        Map.of("subnet", Map.of("network_id", vms, "cidr", "10.129.0.0/24", "ip_version", 4)))
                .at("/subnet/id")
                .asString();
        network.put("/routers/%s/add_router_interface".formatted(router), Map.of("subnet_id", subnet));
        vm = network.post("/ports", Map.of("port", Map.of("network_id", vms)))
                .at("/port/fixed_ips/0/ip_address")
                .asString();
        world.start();
        world.http()
                .put("/v1/clusters/blue/load-balancing", Map.of("kubernetes", Map.of("secretRef", "blue")))
                .assertStatus(201);
        world.ready("blue");
    }

    private static void externalNetwork(CloudApi.Service admin) {
        String id = admin.post("/networks", Map.of("network", Map.of("name", "public", "router:external", true)))
                .at("/network/id")
                .asString();
        admin.post(
                "/subnets",
                Map.of(
                        "subnet",
                        Map.of("network_id", id, "cidr", "198.51.100.0/24", "ip_version", 4, "enable_dhcp", false)));
    }

    /** As topology-service makes it. */
    private String router() {
        java.nio.file.Path secret;
        try {
            secret = java.nio.file.Files.createTempDirectory("lb-cloud");
            java.nio.file.Files.writeString(
                    secret.resolve("clouds.yaml"), tenant.login().cloudsYaml("openstack"));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        try (NeutronBackends backends = new NeutronBackends();
                SdnBackend sdn = backends.backend(
                        world.id("blue"), new NeutronTarget(cloud.authUrl().toString(), secret), null)) {
            return sdn.topology()
                    .ensureRouter(new RouterSpec(
                            new ClusterName("blue"),
                            List.of(Cidr.parse("10.4.0.0/16")),
                            "public",
                            Cidr.parse("10.96.0.0/24")))
                    .id();
        }
    }

    @AfterEach
    void stop() {
        world.close();
        cloud.close();
    }

    private List<JsonNode> octavia(String collection) {
        return tenant.api()
                .loadBalancing()
                .get("/" + collection)
                .path(collection)
                .valueStream()
                .toList();
    }

    private Set<String> members() {
        Set<String> all = new TreeSet<>();
        for (JsonNode pool : octavia("pools")) {
            tenant.api()
                    .loadBalancing()
                    .get("/pools/%s/members".formatted(pool.path("id").asString()))
                    .path("members")
                    .forEach(member -> all.add(member.path("address").asString() + ":"
                            + member.path("protocol_port").asInt()));
        }
        return all;
    }

    @Test
    void aServiceIsABalancerOfOctaviaWithAFloatingIpAndGoesWithAll() {
        kubernetes.apply(slice("web", "10.4.0.2", vm));
        kubernetes.apply(loadBalancer("web", "10.96.0.10"));
        await().atMost(LbWorld.LONG)
                .untilAsserted(() -> assertThat(kubernetes.ingress("web")).startsWith("198.51.100."));
        String outside = kubernetes.ingress("web");
        assertThat(octavia("loadbalancers"))
                .singleElement()
                .returns("10.96.0.10", balancer -> balancer.path("vip_address").asString());
        assertThat(members()).containsExactlyInAnyOrder("10.4.0.2:8080", vm + ":8080");
        assertThat(world.http()
                        .get("/v1/clusters/blue/port-directory/" + vm)
                        .assertStatus(200)
                        .json()
                        .path("ours")
                        .asBoolean())
                .isFalse();

        kubernetes.apply(slice("web", "10.4.0.2"));
        await().atMost(LbWorld.LONG).untilAsserted(() -> assertThat(members()).containsExactly("10.4.0.2:8080"));
        tenant.api()
                .loadBalancing()
                .delete("/loadbalancers/%s?cascade=true"
                        .formatted(
                                octavia("loadbalancers").getFirst().path("id").asString()));
        await().atMost(LbWorld.LONG)
                .untilAsserted(() -> assertThat(octavia("loadbalancers"))
                        .as("the next look makes it anew")
                        .singleElement()
                        .returns(
                                "ACTIVE",
                                balancer -> balancer.path("provisioning_status").asString()));
        world.active("blue", "web");
        assertThat(kubernetes.ingress("web")).isEqualTo(outside);

        kubernetes.apply(clusterService("web", "10.96.0.10"));
        await().atMost(LbWorld.LONG)
                .untilAsserted(() -> assertThat(
                                tenant.api().network().get("/floatingips").path("floatingips"))
                        .isEmpty());
        kubernetes.deleteService("web");
        await().atMost(LbWorld.LONG)
                .untilAsserted(() -> assertThat(octavia("loadbalancers")).isEmpty());
        assertThat(world.rows("select ip::text from external_address")).isEmpty();
    }

    @Test
    void whatACloudCannotDoIsAnEvent() {
        Service service = loadBalancer("hard", "10.96.0.20")
                .edit()
                .editSpec()
                .withExternalIPs("192.0.2.7")
                .withSessionAffinity("ClientIP")
                .withLoadBalancerSourceRanges("203.0.113.0/24")
                .editFirstPort()
                .withNodePort(30080)
                .endPort()
                .endSpec()
                .build();
        kubernetes.apply(service);
        world.active("blue", "hard");
        await().atMost(LbWorld.LONG)
                .untilAsserted(() -> assertThat(Set.copyOf(kubernetes.events("hard")))
                        .containsExactlyInAnyOrder(
                                "ExternalAddressNotSupported",
                                "NodePortNotSupported",
                                "RefusingNotSupported",
                                "SessionAffinityNotSupported",
                                "SourceRangesNotSupported"));
        assertThat(kubernetes.ingress("hard")).isEmpty();
        Map<String, Object> spec = new HashMap<>(LbWorld.spec("blue", "198.51.100.0/24"));
        world.http().put("/v1/clusters/blue/load-balancing", spec).assertProblem(400, "not-supported", "externalCidrs");
    }
}
