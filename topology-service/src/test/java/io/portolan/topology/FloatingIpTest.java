package io.portolan.topology;

import static io.portolan.topology.TopologyWorld.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.model.IpAddress;
import io.portolan.sdn.InMemoryGateways;
import io.portolan.topology.cluster.ClusterView;
import io.portolan.topology.floating.FloatingIpView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FloatingIpTest {
    private static final String FIRST = "198.51.100.8";
    private static TopologyWorld world;

    @BeforeAll
    static void start() {
        world = new TopologyWorld("portolan.ipam.upkeep.interval=500ms");
        world.start();
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    private static Http http() {
        return world.http();
    }

    /** A cluster with a node, a gateway and four floating addresses. */
    private static ClusterView cluster() {
        String name = TopologyWorld.name();
        http().put("/v1/clusters/" + name, with(TopologyWorld.spec("10.4.0.0/16"), "cooldownSeconds", 5))
                .assertStatus(201);
        ClusterView cluster = world.clusterIs(name, "ready");
        world.join(name, "node-1");
        http().put(
                        "/v1/clusters/" + name + "/gateway",
                        with(GatewayTest.gateway(), "floatingCidrs", List.of("198.51.100.8/30")))
                .assertStatus(201);
        await().atMost(TopologyWorld.LONG)
                .until(() ->
                        http().get("/v1/clusters/" + name + "/gateway").body().contains("\"state\":\"ready\""));
        return cluster;
    }

    private static String path(ClusterView cluster, String name) {
        return "/v1/clusters/" + cluster.name() + "/floating-ips/" + name;
    }

    private static Map<String, Object> pod(String name) {
        return Map.of("pod", Map.of("namespace", "shop", "name", name));
    }

    private static FloatingIpView is(ClusterView cluster, String name, String state) {
        return await(name + " is " + state)
                .atMost(TopologyWorld.LONG)
                .until(
                        () -> http().get(path(cluster, name)).as(FloatingIpView.class),
                        f -> f.state().equals(state));
    }

    private static InMemoryGateways network(ClusterView cluster) {
        return world.network.of(cluster.id()).memory.gateways();
    }

    /** Where an address leads in the network. */
    private static Optional<String> leads(ClusterView cluster, String address) {
        return network(cluster).ownFloatingIps().stream()
                .filter(each -> each.address().equals(IpAddress.parse(address)))
                .findFirst()
                .map(each -> String.valueOf(each.target()));
    }

    /** As an agent reports that a pod has a port. */
    private static void bind(ClusterView cluster, String ip, String sandbox, String pod) {
        world.sql("""
                update port set state = 'bound', lease_epoch = 1, sandbox = '%s', interface = 'eth0', pod_namespace = 'shop', pod_name = '%s',
                  released_at = null, changed_at = clock_timestamp(), changed_by = 'test', revision = revision + 1
                where cluster_id = '%s' and ip = '%s'""".formatted(sandbox, pod, cluster.id(), ip));
    }

    /** As an agent reports that the pod is gone, and gives the port back. */
    private static void release(ClusterView cluster, String ip) {
        world.sql("""
                update port set state = 'cooling', lease_epoch = null, sandbox = null, interface = null, pod_namespace = null, pod_name = null,
                  released_at = clock_timestamp(), changed_at = clock_timestamp(), changed_by = 'test', revision = revision + 1
                where cluster_id = '%s' and ip = '%s'""".formatted(cluster.id(), ip));
    }

    private static String state(ClusterView cluster, String ip) {
        return world.rows("select state from port where cluster_id = '%s' and ip = '%s'".formatted(cluster.id(), ip))
                .getFirst();
    }

    @Test
    void anAddressFollowsItsPodFromPortToPort() {
        ClusterView cluster = cluster();
        FloatingIpView made =
                http().put(path(cluster, "web"), pod("web-0")).assertStatus(201).as(FloatingIpView.class);
        assertThat(made.address()).isEqualTo(IpAddress.parse(FIRST));
        is(cluster, "web", "waiting");
        assertThat(leads(cluster, FIRST)).isEmpty();

        bind(cluster, "10.4.0.5", "s1", "web-0");
        assertThat(is(cluster, "web", "active").portAddress()).isEqualTo(IpAddress.parse("10.4.0.5"));
        assertThat(leads(cluster, FIRST)).contains("10.4.0.5");

        release(cluster, "10.4.0.5");
        is(cluster, "web", "waiting");
        assertThat(leads(cluster, FIRST)).isEmpty();
        bind(cluster, "10.4.0.9", "s2", "web-0");
        is(cluster, "web", "active");
        assertThat(leads(cluster, FIRST)).contains("10.4.0.9");

        http().put(path(cluster, "web"), Map.of()).assertStatus(200);
        is(cluster, "web", "waiting");
        assertThat(leads(cluster, FIRST)).isEmpty();
        http().put(path(cluster, "web"), Map.of("portAddress", "10.4.0.9")).assertStatus(200);
        assertThat(is(cluster, "web", "active").pod().name()).isEqualTo("web-0");

        http().delete(path(cluster, "web")).assertStatus(204);
        await().atMost(TopologyWorld.LONG)
                .until(() -> http().get(path(cluster, "web")).status() == 404);
        assertThat(network(cluster).ownFloatingIps()).isEmpty();
    }

    @Test
    void anAddressNeverLeadsToWhoeverGetsThePortNext() {
        ClusterView cluster = cluster();
        http().put(path(cluster, "web"), pod("web-0")).assertStatus(201);
        bind(cluster, "10.4.0.5", "s1", "web-0");
        is(cluster, "web", "active");

        world.network.of(cluster.id()).down = true;
        release(cluster, "10.4.0.5");
        assertThat(is(cluster, "web", "failed").stateProblem()).isEqualTo("network-unavailable");
        await().during(Duration.ofSeconds(8))
                .atMost(TopologyWorld.LONG)
                .until(() -> state(cluster, "10.4.0.5"), "cooling"::equals);
        assertThat(leads(cluster, FIRST)).as("the network cannot be told").contains("10.4.0.5");
        world.network.of(cluster.id()).down = false;
        await().atMost(TopologyWorld.LONG).until(() -> state(cluster, "10.4.0.5"), "free"::equals);
        assertThat(leads(cluster, FIRST)).isEmpty();

        bind(cluster, "10.4.0.5", "s1", "web-0");
        is(cluster, "web", "active");
        bind(cluster, "10.4.0.5", "s2", "stranger");
        is(cluster, "web", "waiting");
        assertThat(leads(cluster, FIRST))
                .as("an agent gave its cached port to the next pod at once")
                .isEmpty();
    }

    @Test
    void aPodThatIsMadeAnewOnItsPortIsLedToAnew() {
        ClusterView cluster = cluster();
        http().put(path(cluster, "web"), pod("web-0")).assertStatus(201);
        bind(cluster, "10.4.0.5", "s1", "web-0");
        is(cluster, "web", "active");
        bind(cluster, "10.4.0.5", "s2", "web-0");
        await().atMost(TopologyWorld.LONG)
                .until(() -> world.rows(
                                "select sandbox from floating_ip where cluster_id = '%s'".formatted(cluster.id()))
                        .equals(List.of("s2")));
        is(cluster, "web", "active");
        assertThat(leads(cluster, FIRST)).contains("10.4.0.5");
    }

    @Test
    void addressesArePickedInOrderUntilNoneIsLeft() {
        ClusterView cluster = cluster();
        http().put(path(cluster, "named"), Map.of("address", "198.51.100.9")).assertStatus(201);
        for (String last : List.of("8", "10", "11")) {
            assertThat(http().put(path(cluster, "any-" + last), Map.of())
                            .assertStatus(201)
                            .as(FloatingIpView.class)
                            .address())
                    .isEqualTo(IpAddress.parse("198.51.100." + last));
        }
        http().put(path(cluster, "more"), Map.of()).assertProblem(507, "floating-ips-exhausted", "");
        http().put(path(cluster, "more"), Map.of("address", "198.51.100.9"))
                .assertProblem(409, "floating-ip-taken", "address");
        http().put(path(cluster, "more"), Map.of("address", "198.51.100.12")).assertProblem(400, "invalid", "address");
        http().put(path(cluster, "named"), Map.of("address", "198.51.100.8"))
                .assertProblem(409, "floating-ip-immutable", "address");
        http().put("/v1/clusters/" + cluster.name() + "/gateway", GatewayTest.gateway())
                .assertProblem(409, "floating-ip-granted", "floatingCidrs");
        assertThat(http().get("/v1/clusters/" + cluster.name() + "/floating-ips?limit=3")
                        .json()
                        .path("next")
                        .asString())
                .isEqualTo("any-8");
    }

    @Test
    void whatCannotBeIsRefusedByName() {
        ClusterView cluster = cluster();
        http().put(path(cluster, "one"), pod("web-0")).assertStatus(201);
        http().put(path(cluster, "two"), pod("web-0")).assertProblem(409, "pod-has-floating-ip", "pod");
        http().put(path(cluster, "two"), Map.of("portAddress", "10.4.0.7"))
                .assertProblem(409, "port-not-bound", "portAddress");
        http().put(path(cluster, "Two"), Map.of()).assertProblem(400, "invalid", "name");
        http().put(path(cluster, "two"), Map.of("pod", Map.of("namespace", "A b", "name", "x")))
                .assertProblem(400, "invalid", "pod.namespace");
        http().get(path(cluster, "two")).assertProblem(404, "unknown-floating-ip", "name");
        ClusterView without = world.ready(TopologyWorld.name(), "10.4.0.0/16");
        http().put(path(without, "one"), Map.of()).assertProblem(404, "no-gateway", "");
        String hasty = TopologyWorld.name();
        http().put("/v1/clusters/" + hasty, with(TopologyWorld.spec("10.4.0.0/16"), "cooldownSeconds", 0))
                .assertStatus(201);
        http().put("/v1/clusters/" + hasty + "/floating-ips/one", Map.of())
                .assertProblem(409, "cooldown-too-short", "");
    }

    @Test
    void withoutAGatewayAnAddressLeadsNowhere() {
        ClusterView cluster = cluster();
        http().put(path(cluster, "web"), pod("web-0")).assertStatus(201);
        bind(cluster, "10.4.0.5", "s1", "web-0");
        is(cluster, "web", "active");
        http().delete("/v1/clusters/" + cluster.name() + "/gateway").assertStatus(204);
        is(cluster, "web", "pending");
        assertThat(network(cluster).ownFloatingIps()).isEmpty();
    }
}
