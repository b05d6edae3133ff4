package io.portolan.testbed.openstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.testbed.Parallel;
import io.portolan.testbed.Workspace;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** What a tenant and the administrator can do in a cloud without a hypervisor. */
class OpenStackCloudTest {
    private static final Logger LOG = LoggerFactory.getLogger(OpenStackCloudTest.class);

    private static Workspace workspace;
    private static OpenStackCloud cloud;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            long begin = System.nanoTime();
            cloud = OpenStackCloud.in(workspace).start();
            LOG.info("a cloud after {} ms", (System.nanoTime() - begin) / 1_000_000);
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        workspace.close();
    }

    private static String made(CloudApi api, String collection, String body) {
        JsonNode answer = api.network().post("/" + collection, body);
        return answer.values().iterator().next().path("id").asString();
    }

    @Test
    void aTenantMakesANetworkASubnetARouterPortsAndATrunk() {
        CloudApi api = cloud.forProject("tenant").api();
        String network = made(api, "networks", "{\"network\":{\"name\":\"n\",\"description\":\"key\"}}");
        String subnet = made(api, "subnets", """
                {"subnet":{"network_id":"%s","ip_version":4,"cidr":"10.130.0.0/26"}}""".formatted(network));
        String router = made(api, "routers", "{\"router\":{\"name\":\"r\"}}");
        api.network().put("/routers/%s/add_router_interface".formatted(router), Map.of("subnet_id", subnet));
        String parent = made(api, "ports", "{\"port\":{\"network_id\":\"%s\"}}".formatted(network));
        JsonNode children = api.network()
                .post("/ports", "{\"ports\":[{\"network_id\":\"%1$s\"},{\"network_id\":\"%1$s\"}]}".formatted(network))
                .path("ports");
        made(api, "trunks", """
                {"trunk":{"port_id":"%s","sub_ports":[
                  {"port_id":"%s","segmentation_type":"vlan","segmentation_id":101},
                  {"port_id":"%s","segmentation_type":"vlan","segmentation_id":102}]}}
                """.formatted(
                parent, children.at("/0/id").asString(), children.at("/1/id").asString()));

        assertThat(cloud.central()
                        .nbctl(
                                "get",
                                "Logical_Switch_Port",
                                children.at("/1/id").asString(),
                                "parent_name",
                                "tag")
                        .lines())
                .containsExactly("\"%s\"".formatted(parent), "102");
        NetworkInventory inventory = api.inventory();
        assertThat(inventory.ids("networks")).containsExactly(network);
        assertThat(inventory.ids("routers")).containsExactly(router);
        assertThat(inventory.all("ports")).hasSize(4);
        assertThat(inventory.all("trunks")).hasSize(1);
        assertThat(inventory).isEqualTo(api.inventory());
        assertThat(cloud.admin().inventory(api.projectId()))
                .isEqualTo(cloud.admin().inventory(api.projectId()));
        api.network().put("/networks/" + network, Map.of("network", Map.of("name", "n")));
        assertThat(api.inventory()).isNotEqualTo(inventory);
    }

    @Test
    void onlyTheRoleForContainerNetworksMayWriteABindingProfile() {
        CloudProject project = cloud.forProject("containers");
        CloudApi api = project.api();
        String network = made(api, "networks", "{\"network\":{}}");
        made(api, "subnets", """
                {"subnet":{"network_id":"%s","ip_version":4,"cidr":"10.131.0.0/26"}}""".formatted(network));
        String parent = made(api, "ports", "{\"port\":{\"network_id\":\"%s\"}}".formatted(network));
        String nested = """
                {"port":{"network_id":"%s","binding:profile":{"parent_name":"%s","tag":101}}}
                """.formatted(network, parent);
        assertThatThrownBy(() -> api.network().post("/ports", nested))
                .isInstanceOfSatisfying(
                        CloudRefused.class,
                        refusal -> assertThat(refusal.status()).isEqualTo(403));
        CloudApi allowed = project.grant(CloudProject.CONTAINER_NETWORKS).api();
        JsonNode port = allowed.network().post("/ports", nested).path("port");
        assertThat(cloud.central()
                        .nbctl("get", "Logical_Switch_Port", port.path("id").asString(), "parent_name")
                        .strip())
                .isEqualTo("\"%s\"".formatted(parent));
        assertThat(port.path("binding:profile").path("tag").asInt()).isEqualTo(101);
    }

    @Test
    void anApplicationCredentialSeesItsProjectAndASecondRegionHasItsOwnNetworkAddress() {
        CloudProject project = cloud.forProject("programs");
        CloudLogin login = project.applicationCredential();
        assertThat(CloudApi.signIn(login).projectId()).isEqualTo(project.id());
        assertThat(login.cloudsYaml("c")).contains("auth_type: v3applicationcredential", "region_name: RegionOne");
        assertThat(project.login().cloudsYaml("c")).contains("username: programs", "project_name: programs");
        assertThat(login.toString()).doesNotContain(((CloudLogin.ApplicationCredential) login.identity()).secret());

        cloud.publishRegion("Nowhere", URI.create("http://127.0.0.1:1"));
        assertThat(CloudApi.signIn(login).inventory().ids("networks")).isEmpty();
        assertThatThrownBy(() -> CloudApi.signIn(login.inRegion("Nowhere")).inventory())
                .isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void aQuotaIsEnforcedAndAnExternalNetworkServesRouters() {
        CloudProject project = cloud.forProject("limited");
        CloudApi api = project.api();
        project.quota(Map.of("network", 1));
        made(api, "networks", "{\"network\":{}}");
        assertThatThrownBy(() -> made(api, "networks", "{\"network\":{}}"))
                .isInstanceOfSatisfying(
                        CloudRefused.class,
                        refusal -> assertThat(refusal.status()).isEqualTo(409));
        ExternalNetwork outside =
                cloud.externalNetwork("outside", "172.24.4.0/24", "172.24.4.1", "172.24.4.100", "172.24.4.199");
        JsonNode router = api.network().post("/routers", """
                {"router":{"external_gateway_info":{"network_id":"%s"}}}""".formatted(outside.id()));
        assertThat(router.at("/router/external_gateway_info/external_fixed_ips/0/ip_address")
                        .asString())
                .startsWith("172.24.4.1");
    }

    @Test
    void killedServicesComeBackWithAllTheyHadAndServeTheFirstCallsTogether() {
        CloudApi api = cloud.forProject("survivor").api();
        made(api, "networks", "{\"network\":{}}");
        NetworkInventory before = api.inventory();
        cloud.neutron().kill9();
        cloud.keystone().kill9();
        assertThatThrownBy(api::inventory).isInstanceOf(UncheckedIOException.class);
        cloud.keystone().start();
        cloud.neutron().start();
        List<NetworkInventory> first =
                Parallel.all(Collections.nCopies(4, (Callable<NetworkInventory>) api::inventory));
        assertThat(first).containsOnly(before);
    }
}
