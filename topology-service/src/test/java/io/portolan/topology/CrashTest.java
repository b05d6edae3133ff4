package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.portolan.sdn.SdnPort;
import io.portolan.topology.cluster.ClusterView;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The service is killed after each of the side effects on the network, on ipam-service and on the ledger that an unharmed
 * run has; a fresh one must bring each to the same end. No timer helps: only what the fresh one sees.
 */
class CrashTest {
    private static final String[] NO_TIMER = {
        "portolan.topology.nodes.resync=1h",
        "portolan.topology.clusters.resync=1h",
        "portolan.topology.gateways.resync=1h",
        "portolan.topology.orphan-age=1h"
    };

    private TopologyWorld world;

    @BeforeEach
    void start() {
        world = new TopologyWorld();
        world.start(NO_TIMER);
    }

    @AfterEach
    void stop() {
        world.close();
    }

    private interface Request {
        int send();
    }

    /** As a caller does that was not answered: again, until it is. */
    private static void insist(Request request) {
        try {
            assertThat(request.send()).isIn(200, 201, 204, 500, 503);
        } catch (UncheckedIOException e) {
            assertThat(TestingCrash.happened())
                    .as("only a dead service does not answer")
                    .isTrue();
        }
    }

    /** Runs once unharmed, or up to this side effect, and then with a fresh service. */
    private List<String> run(String killAfter, Request request, BooleanSupplier done) {
        TestingCrash.killAfter(killAfter);
        insist(request);
        await().atMost(TopologyWorld.LONG).until(() -> TestingCrash.happened() || done.getAsBoolean());
        boolean killed = TestingCrash.happened();
        List<String> effects = TestingCrash.effects();
        if (killed) {
            world.stop();
            TestingCrash.survive();
            world.start(NO_TIMER);
            insist(request);
        }
        TestingCrash.survive();
        return effects;
    }

    /** What a run without harm does, once each; how often it says how far it is depends on its pace. */
    private static List<String> points(List<String> effects) {
        return effects.stream()
                .filter(e -> !e.matches("(because|waitsFor|drainNodes|POST drains) [2-9]"))
                .toList();
    }

    @Test
    void aNodeJoinsWhereverTheServiceIsKilled() {
        List<String> points = points(joinKilledAfter(""));
        assertThat(points)
                .contains(
                        "insert 1",
                        "PUT 0 1",
                        "ensureSwitch 1",
                        "POST transitions 1",
                        "ensurePorts 1",
                        "POST transitions 2",
                        "stand 1");
        points.forEach(this::joinKilledAfter);
    }

    private List<String> joinKilledAfter(String point) {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        Map<String, Object> registration = TopologyWorld.registration("chassis-1");
        String path = "/v1/clusters/" + name + "/nodes/node-1";
        List<String> effects =
                run(point, () -> world.http().put(path, registration).status(), () -> isReady(name));
        world.nodeIs(name, "node-1", "ready");
        assertConverged(cluster, name, effects);
        world.http().delete("/v1/clusters/" + name).assertStatus(204);
        world.clusterIsGone(name);
        return effects;
    }

    private boolean isReady(String cluster) {
        try {
            io.portolan.ipam.Http.Answer answer = world.http().get("/v1/clusters/" + cluster + "/nodes/node-1");
            return answer.status() == 200 && answer.as(NodeView.class).state().equals("ready");
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private void assertConverged(ClusterView cluster, String name, List<String> effects) {
        NodeView node = world.node(name, "node-1");
        List<PortView> ports = world.ipam()
                .get("/v1/nodes/" + node.id() + "/ports?limit=1024")
                .as(PortPage.class)
                .ports();
        assertThat(ports)
                .as("killed after %s", effects)
                .hasSize(29)
                .extracting(PortView::state)
                .containsOnly(PortState.FREE);
        Set<PortId> ids = ports.stream().map(PortView::id).collect(Collectors.toSet());
        assertThat(world.network.of(cluster.id()).everything())
                .as("killed after %s", effects)
                .hasSize(1)
                .hasEntrySatisfying(
                        node.id(),
                        there -> assertThat(there).extracting(SdnPort::id).containsExactlyInAnyOrderElementsOf(ids));
        assertThat(world.cluster(name).nodes().all()).isEqualTo(1);
        assertThat(node.epoch()).isEqualTo(1);
    }

    @Test
    void aClusterIsTakenDownWhereverTheServiceIsKilled() {
        List<String> points = points(takenDownKilledAfter(""));
        assertThat(points)
                .contains(
                        "markDeleting 1",
                        "drainNodes 1",
                        "POST drains 1",
                        "deletePorts 1",
                        "POST removals 1",
                        "deleteSwitch 1",
                        "DELETE 0 1",
                        "delete 1",
                        "deleteRouter 1",
                        "DELETE pods-10-4-0-0-16 1",
                        "DELETE pods-10-8-0-0-16 1",
                        "delete 2");
        points.forEach(this::takenDownKilledAfter);
    }

    private List<String> takenDownKilledAfter(String point) {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16", "10.8.0.0/16");
        world.join(name, "node-1");
        String path = "/v1/clusters/" + name;
        List<String> effects = run(point, () -> world.http().delete(path).status(), () -> isGone(path));
        world.clusterIsGone(name);
        TestingNetwork.One network = world.network.of(cluster.id());
        assertThat(network.everything()).as("killed after %s", effects).isEmpty();
        assertThat(network.memory.ownRouter()).as("killed after %s", effects).isEmpty();
        assertThat(world.dump(name)).as("killed after %s", effects).isEmpty();
        assertThat(network.writes.stream().distinct())
                .as("first the ports, then the switch, then the router")
                .containsExactly("ports", "switch", "router");
        return effects;
    }

    private boolean isGone(String path) {
        try {
            return world.http().get(path).status() == 404;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private static final Map<String, Object> GATEWAY = Map.of(
            "physicalNetwork", "physnet",
            "network", "203.0.113.0/24",
            "address", "203.0.113.1",
            "nextHop", "203.0.113.254",
            "chassis", List.of("edge-1", "edge-2"));

    @Test
    void aGatewayComesAndGoesWhereverTheServiceIsKilled() {
        List<String> points = points(gatewayMadeKilledAfter(""));
        assertThat(points).contains("put 1", "ensureGateway 1", "isReady 1");
        points.forEach(this::gatewayMadeKilledAfter);
        List<String> ends = points(gatewayGoneKilledAfter(""));
        assertThat(ends).contains("markDeleting 1", "deleteGateway 1", "delete 1");
        ends.forEach(this::gatewayGoneKilledAfter);
    }

    private List<String> gatewayMadeKilledAfter(String point) {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        String path = "/v1/clusters/" + name + "/gateway";
        List<String> effects =
                run(point, () -> world.http().put(path, GATEWAY).status(), () -> says(path, "\"state\":\"ready\""));
        await().atMost(TopologyWorld.LONG).until(() -> says(path, "\"state\":\"ready\""));
        assertThat(world.network.of(cluster.id()).memory.gateways().gateway())
                .as("killed after %s", effects)
                .get()
                .satisfies(spec -> assertThat(spec.attachment().chassis()).containsExactly("edge-1", "edge-2"));
        world.http().delete("/v1/clusters/" + name).assertStatus(204);
        world.clusterIsGone(name);
        return effects;
    }

    private List<String> gatewayGoneKilledAfter(String point) {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        String path = "/v1/clusters/" + name + "/gateway";
        world.http().put(path, GATEWAY).assertStatus(201);
        await().atMost(TopologyWorld.LONG).until(() -> says(path, "\"state\":\"ready\""));
        List<String> effects = run(point, () -> world.http().delete(path).status(), () -> isGone(path));
        await().atMost(TopologyWorld.LONG).until(() -> isGone(path));
        assertThat(world.network.of(cluster.id()).memory.gateways().hasGateway())
                .as("killed after %s", effects)
                .isFalse();
        world.http().delete("/v1/clusters/" + name).assertStatus(204);
        world.clusterIsGone(name);
        return effects;
    }

    @Test
    void aGatewaysFloatingAddressFollowsItsPodWhereverTheServiceIsKilled() {
        List<String> points = points(floatingMovedKilledAfter(""));
        assertThat(points).containsSubsequence("ensureFloatingIp 1", "leavePort 1", "takePort 1");
        points.forEach(this::floatingMovedKilledAfter);
    }

    /** The pod leaves one port and has another, while the service is asked to name the pod again. */
    private List<String> floatingMovedKilledAfter(String point) {
        String name = TopologyWorld.name();
        ClusterView cluster = world.ready(name, "10.4.0.0/16");
        world.join(name, "node-1");
        world.http()
                .put(
                        "/v1/clusters/" + name + "/gateway",
                        TopologyWorld.with(GATEWAY, "floatingCidrs", List.of("203.0.113.16/28")))
                .assertStatus(201);
        String path = "/v1/clusters/" + name + "/floating-ips/web";
        Map<String, Object> pod = Map.of("pod", Map.of("namespace", "shop", "name", "web-0"));
        await().atMost(TopologyWorld.LONG)
                .until(() -> says("/v1/clusters/" + name + "/gateway", "\"state\":\"ready\""));
        bind(cluster, "10.4.0.5");
        world.http().put(path, pod).assertStatus(201);
        await().atMost(TopologyWorld.LONG).until(() -> says(path, "\"state\":\"active\""));
        TestingCrash.killAfter(point);
        release(cluster, "10.4.0.5");
        bind(cluster, "10.4.0.9");
        await().atMost(TopologyWorld.LONG)
                .until(() ->
                        TestingCrash.happened() || says(path, "\"portAddress\":\"10.4.0.9\",\"state\":\"active\""));
        List<String> effects = TestingCrash.effects();
        if (TestingCrash.happened()) {
            world.stop();
            TestingCrash.survive();
            world.start(NO_TIMER);
        }
        TestingCrash.survive();
        await().atMost(TopologyWorld.LONG)
                .until(() -> world.network.of(cluster.id()).memory.gateways().ownFloatingIps().stream()
                        .map(each -> String.valueOf(each.target()))
                        .toList()
                        .equals(List.of("10.4.0.9")));
        await().atMost(TopologyWorld.LONG).until(() -> says(path, "\"portAddress\":\"10.4.0.9\",\"state\":\"active\""));
        release(cluster, "10.4.0.9");
        world.http().delete("/v1/clusters/" + name + "?force=true").assertStatus(204);
        world.clusterIsGone(name);
        return effects;
    }

    private void bind(ClusterView cluster, String ip) {
        world.sql("""
                update port set state = 'bound', lease_epoch = 1, sandbox = 's-%2$s', interface = 'eth0', pod_namespace = 'shop',
                  pod_name = 'web-0', changed_at = clock_timestamp(), changed_by = 'test', revision = revision + 1
                where cluster_id = '%1$s' and ip = '%2$s'""".formatted(cluster.id(), ip));
    }

    private void release(ClusterView cluster, String ip) {
        world.sql("""
                update port set state = 'cooling', lease_epoch = null, sandbox = null, interface = null, pod_namespace = null,
                  pod_name = null, released_at = clock_timestamp(), changed_at = clock_timestamp(), changed_by = 'test',
                  revision = revision + 1
                where cluster_id = '%1$s' and ip = '%2$s'""".formatted(cluster.id(), ip));
    }

    private boolean says(String path, String words) {
        try {
            io.portolan.ipam.Http.Answer answer = world.http().get(path);
            return answer.status() == 200 && answer.body().contains(words);
        } catch (UncheckedIOException e) {
            return false;
        }
    }
}
