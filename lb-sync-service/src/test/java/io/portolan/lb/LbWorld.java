package io.portolan.lb;

import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.model.ClusterId;
import io.portolan.model.LoadBalancerId;
import io.portolan.model.NodeId;
import io.portolan.networks.NetworkKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A ledger with a cluster, its API server, its network, and as many lb-sync-services as a test wants. */
public final class LbWorld implements AutoCloseable {
    public static final Duration LONG = Duration.ofSeconds(60);

    private final LedgerDatabase ledger = LedgerDatabase.create();
    private final Path secrets;
    private final NetworkKind network;
    private final List<LbReplica> replicas = new ArrayList<>();
    private final Map<String, TestingKubernetes> kubernetes = new HashMap<>();
    private final Map<String, ClusterId> clusters = new HashMap<>();

    public LbWorld(NetworkKind network) {
        this.network = network;
        try {
            secrets = Files.createTempDirectory("lb-secrets");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    LedgerDatabase ledger() {
        return ledger;
    }

    public LbReplica start(String... settings) {
        LbReplica replica = LbReplica.start(ledger, secrets, network, settings);
        replicas.add(replica);
        return replica;
    }

    public void stop(LbReplica replica) {
        replicas.remove(replica);
        replica.close();
    }

    /** What a replica in a process of its own is told on its command line. */
    List<String> arguments(String... settings) {
        Map<String, String> properties = new HashMap<>(LbReplica.properties(ledger, secrets));
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        return properties.entrySet().stream()
                .map(property -> "--" + property.getKey() + "=" + property.getValue())
                .toList();
    }

    public Http http() {
        return replicas.getLast().http();
    }

    /** A cluster as topology-service would have declared it, with an API server. */
    public TestingKubernetes cluster(String name, String endpoints) {
        ClusterId id = ClusterId.random();
        clusters.put(name, id);
        sql("""
            insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds, pods_per_cpu, pods_per_gib, min_pods, max_pods, state, router_id)
            values ('%s', '%s', 'overlay', '{10.4.0.0/16}', '%s', 1400, 16, 8, 30, 10, 10, 5, 250, 'ready', '%1$s')""".formatted(id, name, endpoints));
        TestingKubernetes api = new TestingKubernetes(secrets, name);
        kubernetes.put(name, api);
        return api;
    }

    /** Makes an underlay cluster of it: its cloud signs us in by this {@code clouds.yaml}. */
    public void inCloud(String cluster, String authUrl, String cloudsYaml, String router) {
        try {
            Files.writeString(secrets.resolve(cluster).resolve("clouds.yaml"), cloudsYaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        sql(
                "update cluster set mode = 'underlay', nesting_wanted = 'auto', backend = '%s', secret_ref = '%s', router_id = '%s' where name = '%2$s'"
                        .formatted(authUrl, cluster, router));
    }

    public NodeId node(String cluster, String name) {
        NodeId id = NodeId.random();
        sql("""
            insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, chassis, agent, epoch, state)
            values ('%s', '%s', '%s', 4, 8192, 110, '%3$s', gen_random_uuid(), 1, 'ready')""".formatted(id, id(cluster), name));
        return id;
    }

    public ClusterId id(String cluster) {
        return clusters.get(cluster);
    }

    public LoadBalancerId balancer(String cluster, String service) {
        return LoadBalancerId.of(id(cluster), "ns", service);
    }

    public static Map<String, Object> spec(String secret, String... externalCidrs) {
        return new HashMap<>(
                Map.of("kubernetes", Map.of("secretRef", secret), "externalCidrs", List.of(externalCidrs)));
    }

    public void watch(String cluster, String... externalCidrs) {
        http().put("/v1/clusters/" + cluster + "/load-balancing", spec(cluster, externalCidrs))
                .assertStatus(201);
        ready(cluster);
    }

    public void ready(String cluster) {
        await().atMost(LONG)
                .until(() -> http().get("/v1/clusters/" + cluster + "/load-balancing")
                        .json()
                        .path("state")
                        .asString()
                        .equals("ready"));
    }

    /** The state of a balancer; empty where there is none. */
    public String state(String cluster, String service) {
        return http().get("/v1/clusters/" + cluster + "/load-balancers/ns/" + service)
                .json()
                .path("state")
                .asString("");
    }

    public void active(String cluster, String service) {
        await().atMost(LONG).until(() -> state(cluster, service).equals("active"));
    }

    public List<String> rows(String sql) {
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

    public void sql(String... statements) {
        try {
            ledger.execute(statements);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        replicas.forEach(LbReplica::close);
        kubernetes.values().forEach(TestingKubernetes::close);
        try (Stream<Path> files = Files.walk(secrets)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().deleteOnExit());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
