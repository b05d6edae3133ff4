package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.api.NodeView;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.testbed.openstack.CloudLogin;
import io.portolan.topology.cluster.ClusterView;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes wrong in a project of a cloud: a state in words, a problem by name, and everybody else goes on. */
class UnderlayTroubleTest {
    private static UnderlayWorld here;

    @BeforeAll
    static void start() {
        here = new UnderlayWorld();
    }

    @AfterAll
    static void stop() {
        here.close();
    }

    /** A cluster of another project fills a node meanwhile. */
    private static void theRestGoesOn() {
        Tenant other = here.tenant("well");
        ClusterView well = here.ready(here.spec("well", "10.4.0.0/16"));
        assertThat(here.join(well, "node-1", here.vm(other)).ports().free()).isEqualTo(29);
        here.http().delete("/v1/clusters/" + well.name() + "?force=true").assertStatus(204);
    }

    private static void isDegraded(ClusterView cluster, String words) {
        assertThat(here.http()
                        .get("/actuator/health")
                        .assertStatus(200)
                        .json()
                        .path("components")
                        .path("networks")
                        .path("details")
                        .path(cluster.name().value())
                        .asString())
                .contains(words);
    }

    @Test
    void aWrongPasswordIsSaidAndTheRightOneIsTakenWithoutARestart() {
        Tenant tenant = here.tenant("locked-out");
        CloudLogin.Password right = (CloudLogin.Password) tenant.login().identity();
        CloudLogin wrong = new CloudLogin(
                here.cloud.authUrl(),
                new CloudLogin.Password(right.user(), "not-the-password", right.project()),
                CloudLogin.FIRST_REGION);
        here.secret("locked-out", wrong.cloudsYaml("openstack"));
        ClusterView cluster = here.troubled(here.spec("locked-out", "10.4.0.0/16"), "credentials-refused");
        assertThat(cluster.state()).isEqualTo("failed");
        assertThat(cluster.stateReason()).startsWith("the network refuses: ").doesNotContain("not-the-password");
        isDegraded(cluster, "the network refuses");
        theRestGoesOn();
        here.secret("locked-out", tenant.login().cloudsYaml("openstack"));
        assertThat(here.world.clusterIs(cluster.name().value(), "ready").stateProblem())
                .isNull();

        CloudLogin rotated = here.cloud.changePassword(tenant, "another-" + UUID.randomUUID());
        here.cloud.revokeTokens();
        here.secret("locked-out", rotated.cloudsYaml("openstack"));
        assertThat(here.join(cluster, "node-1", here.vm(tenant.id().isEmpty() ? tenant : again(tenant, rotated)))
                        .ports()
                        .free())
                .isEqualTo(29);
    }

    private static Tenant again(Tenant tenant, CloudLogin login) {
        return new Tenant(tenant.id(), login, io.portolan.testbed.openstack.CloudApi.signIn(login));
    }

    @Test
    void aMissingAndAMalformedSecretAreSaidWithoutWhatIsInThem() {
        ClusterView missing = here.troubled(here.spec("nowhere", "10.4.0.0/16"), "credentials-refused");
        assertThat(missing.stateReason()).contains("nowhere");
        here.secret("broken", "clouds: {openstack: {auth: {password: 'hunter2, username: x");
        ClusterView broken = here.troubled(here.spec("broken", "10.4.0.0/16"), "credentials-refused");
        assertThat(broken.stateReason()).contains("broken").doesNotContain("hunter2");
        theRestGoesOn();
    }

    @Test
    void anUnknownExternalNetworkIsSaidAndCanBeCorrected() {
        here.tenant("outward");
        Map<String, Object> spec = here.spec("outward", "10.4.0.0/16");
        ClusterView cluster =
                here.troubled(TopologyWorld.with(spec, "externalNetwork", "the internet"), "external-network-unknown");
        assertThat(cluster.state()).isEqualTo("failed");
        assertThat(cluster.stateReason()).contains("the internet");
        theRestGoesOn();
        here.http().put("/v1/clusters/" + cluster.name(), spec).assertStatus(200);
        here.world.clusterIs(cluster.name().value(), "ready");
    }

    @Test
    void aSubnetBehindTheAdoptedRouterThatOverlapsIsSaid() {
        Tenant tenant = here.tenant("crowded");
        String router = UnderlayWorld.made(tenant, "router", Map.of("name", "theirs"));
        String network = UnderlayWorld.made(tenant, "network", Map.of("name", "theirs"));
        String subnet = UnderlayWorld.made(
                tenant, "subnet", Map.of("network_id", network, "cidr", "10.4.7.0/24", "ip_version", 4));
        tenant.api().network().put("/routers/%s/add_router_interface".formatted(router), Map.of("subnet_id", subnet));
        ClusterView cluster = here.troubled(
                TopologyWorld.with(here.spec("crowded", "10.4.0.0/16"), "routerId", router), "subnet-overlap");
        assertThat(cluster.stateReason()).contains("10.4.7.0/24");
        theRestGoesOn();
        here.http().delete("/v1/clusters/" + cluster.name()).assertStatus(204);
        here.world.clusterIsGone(cluster.name().value());
        assertThat(tenant.api()
                        .network()
                        .get("/routers/" + router)
                        .path("router")
                        .path("name")
                        .asString())
                .isEqualTo("theirs");
    }

    @ParameterizedTest
    @CsvSource({"unknown, parent-port-unknown", "foreign, parent-port-foreign"})
    void aVmThatIsNotOursFailsItsNodeAlone(String whose, String problem) {
        Tenant tenant = here.tenant("mine-" + whose);
        String vm = whose.equals("foreign")
                ? here.vm(here.tenant("others"))
                : UUID.randomUUID().toString();
        ClusterView cluster = here.ready(here.spec("mine-" + whose, "10.4.0.0/16"));
        here.register(cluster, "bad", vm);
        NodeView bad = here.until(cluster, "bad", n -> n.state().equals("failed"));
        assertThat(bad.stateProblem()).isIn(problem, "parent-port-unknown");
        assertThat(bad.stateReason()).contains(vm);
        assertThat(bad.ports().free()).isZero();
        assertThat(here.join(cluster, "good", here.vm(tenant)).ports().free()).isEqualTo(29);
        here.http().delete(UnderlayWorld.path(cluster, "bad")).assertStatus(204);
        here.world.nodeIsGone(cluster.name().value(), "bad");
    }

    @Test
    void aQuotaGivesWhatItHasAndTheRestWhenItGrows() {
        Tenant tenant = here.tenant("poor");
        ClusterView cluster = here.ready(here.spec("poor", "10.4.0.0/16"));
        String vm = here.vm(tenant);
        here.cloud.quota(tenant.id(), "port", 12);
        here.register(cluster, "node-1", vm);
        NodeView some = here.until(
                cluster,
                "node-1",
                n -> "quota-exceeded".equals(n.stateProblem()) && n.ports().free() > 0);
        assertThat(some.state()).isEqualTo("ready");
        assertThat(some.ports().free())
                .as("12, of which the VM and the gateway have one each")
                .isEqualTo(10);
        assertThat(some.ports().failed()).isPositive();
        theRestGoesOn();
        here.cloud.quota(tenant.id(), "port", 100);
        assertThat(here.filled(cluster, "node-1").ports().free()).isEqualTo(29);
        assertThat(here.addresses(tenant, cluster)).hasSize(29).doesNotHaveDuplicates();
    }

    @Test
    void aPoolThatIsUsedUpFailsTheNodeThatComesLast() {
        Tenant tenant = here.tenant("narrow");
        ClusterView cluster = here.ready(here.spec("narrow", "10.4.0.0/27"));
        here.join(cluster, "node-1", here.vm(tenant));
        here.register(cluster, "node-2", here.vm(tenant));
        NodeView last = here.until(cluster, "node-2", n -> n.state().equals("failed"));
        assertThat(last.stateProblem()).isEqualTo("pool-exhausted");
        assertThat(here.node(cluster, "node-1").ports().free()).isEqualTo(29);
        here.http()
                .put("/v1/clusters/" + cluster.name(), here.spec("narrow", "10.4.0.0/27", "10.5.0.0/24"))
                .assertStatus(200);
        assertThat(here.filled(cluster, "node-2").ports().free()).isEqualTo(29);
    }

    @Test
    void whatOnlyACloudHasIsRefusedElsewhereAndACredentialIsRequiredThere() {
        Map<String, Object> overlay = TopologyWorld.spec("10.4.0.0/16");
        String path = "/v1/clusters/" + TopologyWorld.name();
        for (String field : new String[] {"externalNetwork", "network", "nesting"}) {
            String value = field.equals("nesting") ? "trunk" : "net";
            here.http().put(path, TopologyWorld.with(overlay, field, value)).assertProblem(400, "not-supported", field);
        }
        Map<String, Object> underlay = here.spec("x", "10.4.0.0/16");
        here.http()
                .put(
                        path,
                        TopologyWorld.with(
                                underlay,
                                "backend",
                                Map.of("endpoints", here.cloud.authUrl().toString())))
                .assertProblem(400, "invalid", "backend.secretRef");
        for (String url : new String[] {"https://u:p@keystone/v3", "http:/nowhere", "tcp:127.0.0.1:6641"}) {
            here.http()
                    .put(path, TopologyWorld.with(underlay, "backend", Map.of("endpoints", url, "secretRef", "x")))
                    .assertProblem(400, "invalid", "backend.endpoints");
        }
        here.http()
                .put(path, TopologyWorld.with(underlay, "nesting", "dolls"))
                .assertProblem(400, "invalid", "nesting");
        here.http().put(path, TopologyWorld.with(underlay, "network", "")).assertProblem(400, "invalid", "network");
        assertThat(here.world.rows("select name from cluster where name = '" + path.substring(13) + "'"))
                .isEmpty();
    }
}
