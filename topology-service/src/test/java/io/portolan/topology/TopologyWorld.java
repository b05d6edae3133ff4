package io.portolan.topology;

import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.ipam.Replica;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.model.api.NodeView;
import io.portolan.topology.cluster.ClusterView;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A ledger, a real ipam-service on it, a network, and as many topology-services as a test wants. */
final class TopologyWorld implements AutoCloseable {
    static final Duration LONG = Duration.ofSeconds(60);

    private final LedgerDatabase ledger = LedgerDatabase.create();
    private final Replica ipam;

    final TestingNetwork network = new TestingNetwork();
    private final List<TopologyReplica> replicas = new ArrayList<>();

    /** @param ofIpam settings of ipam-service, such as {@code portolan.ipam.upkeep.interval=1s} */
    TopologyWorld(String... ofIpam) {
        ipam = Replica.start(ledger, ofIpam);
    }

    LedgerDatabase ledger() {
        return ledger;
    }

    Http ipam() {
        return ipam.http();
    }

    TopologyReplica start(String... settings) {
        TopologyReplica replica = TopologyReplica.start(ledger, ipam(), network, settings);
        replicas.add(replica);
        return replica;
    }

    /** Ends the services as a kill would, but for what they hold in memory. */
    void stop() {
        replicas.forEach(TopologyReplica::close);
        replicas.clear();
    }

    Http http() {
        return replicas.getLast().http();
    }

    static String name() {
        return "c" + UUID.randomUUID().toString().substring(0, 13);
    }

    static Map<String, Object> spec(String... podCidrs) {
        return new java.util.TreeMap<>(
                Map.of("mode", "overlay", "podCidrs", List.of(podCidrs), "backend", Map.of("endpoints", "testing:")));
    }

    static Map<String, Object> with(Map<String, Object> spec, String key, Object value) {
        Map<String, Object> other = new java.util.TreeMap<>(spec);
        other.put(key, value);
        return other;
    }

    static Map<String, Object> registration(String chassis) {
        return Map.of("cpus", 2, "memoryMiB", 4096, "maxPods", 110, "chassis", chassis, "agent", UUID.randomUUID());
    }

    ClusterView declare(String name, String... podCidrs) {
        return http().put("/v1/clusters/" + name, spec(podCidrs)).as(ClusterView.class);
    }

    ClusterView ready(String name, String... podCidrs) {
        declare(name, podCidrs);
        return clusterIs(name, "ready");
    }

    ClusterView clusterIs(String name, String state) {
        return await().atMost(LONG).until(() -> cluster(name), c -> c.state().equals(state));
    }

    ClusterView cluster(String name) {
        return http().get("/v1/clusters/" + name).as(ClusterView.class);
    }

    NodeView join(String cluster, String node) {
        http().put("/v1/clusters/" + cluster + "/nodes/" + node, registration(node + "-chassis"))
                .assertStatus(201);
        return nodeIs(cluster, node, "ready");
    }

    NodeView nodeIs(String cluster, String node, String state) {
        return await().atMost(LONG)
                .until(() -> node(cluster, node), n -> n.state().equals(state));
    }

    NodeView node(String cluster, String node) {
        return http().get("/v1/clusters/" + cluster + "/nodes/" + node).as(NodeView.class);
    }

    void nodeIsGone(String cluster, String node) {
        await().atMost(LONG)
                .until(() ->
                        http().get("/v1/clusters/" + cluster + "/nodes/" + node).status() == 404);
    }

    void clusterIsGone(String cluster) {
        await().atMost(LONG).until(() -> http().get("/v1/clusters/" + cluster).status() == 404);
    }

    /** The first column. */
    List<String> rows(String sql) {
        List<String> rows = new ArrayList<>();
        try (Connection connection = ledger.owner().connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return rows;
    }

    void sql(String... statements) {
        try {
            ledger.execute(statements);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Every row of a cluster that any service may write. */
    List<String> dump(String cluster) {
        List<String> all = new ArrayList<>();
        for (String table : List.of("pool", "subnet", "port", "node", "node_class", "gateway", "floating_ip")) {
            all.addAll(rows(
                    "select '%1$s ' || cast(t as text) from %1$s t join cluster c on c.id = t.cluster_id where c.name = '%2$s' order by 1"
                            .formatted(table, cluster)));
        }
        all.addAll(rows("select cast(c as text) from cluster c where name = '%s'".formatted(cluster)));
        return all;
    }

    @Override
    public void close() {
        TestingCrash.survive();
        replicas.forEach(TopologyReplica::close);
        ipam.close();
    }
}
