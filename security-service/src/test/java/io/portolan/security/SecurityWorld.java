package io.portolan.security;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.ipam.Http;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.SubnetId;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.RouterSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.SwitchSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A ledger with clusters, nodes and ports as the other services would have made them, and as many replicas as a test wants. */
final class SecurityWorld implements AutoCloseable {
    static final Duration LONG = Duration.ofSeconds(60);

    /** A node with ports in the ledger and in the network. */
    record Fleet(NodeId node, List<PortId> ports) {
        PortId port(int index) {
            return ports.get(index);
        }
    }

    private final LedgerDatabase ledger = LedgerDatabase.create();
    private final TestingNetworks networks = new TestingNetworks();
    private final List<SecurityReplica> replicas = new ArrayList<>();
    private final Map<String, ClusterId> clusters = new HashMap<>();
    private int nodes;

    TestingNetworks networks() {
        return networks;
    }

    LedgerDatabase ledger() {
        return ledger;
    }

    SecurityReplica start(String... settings) {
        SecurityReplica replica = SecurityReplica.start(ledger, networks, settings);
        replicas.add(replica);
        return replica;
    }

    SecurityReplica first() {
        return replicas.getFirst();
    }

    void stop(SecurityReplica replica) {
        replicas.remove(replica);
        replica.close();
    }

    Http http() {
        return replicas.getLast().http();
    }

    ClusterId id(String cluster) {
        return clusters.get(cluster);
    }

    /** A cluster as topology-service would have declared it; its name. */
    String cluster(String endpoints) {
        String name = "c" + UUID.randomUUID().toString().substring(0, 8);
        ClusterId id = ClusterId.random();
        clusters.put(name, id);
        sql("""
            insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds, pods_per_cpu, pods_per_gib, min_pods, max_pods, state, router_id)
            values ('%s', '%s', 'overlay', '{10.4.0.0/16}', '%s', 1400, 16, 8, 30, 10, 10, 5, 250, 'ready', '%1$s')""".formatted(id, name, endpoints));
        sql("insert into pool (cluster_id, name, cidr) values ('%s', 'pods', '10.4.0.0/16')".formatted(id));
        return name;
    }

    String cluster() {
        return cluster("testing:");
    }

    /** A node whose ports its agent has leased. */
    Fleet fleet(String cluster, int count) {
        int number = ++nodes;
        NodeId node = NodeId.random();
        SubnetId subnet = SubnetId.random();
        Cidr cidr = Cidr.parse("10.4.%d.0/24".formatted(number));
        IpAddress gateway = cidr.address(1);
        String endpoints = rows("select backend from cluster where name = '%s'".formatted(cluster))
                .getFirst();
        SdnBackend backend = networks.backend(id(cluster), endpoints);
        String router = backend.topology()
                .ensureRouter(new RouterSpec(new ClusterName(cluster), List.of(Cidr.parse("10.4.0.0/16")), null))
                .id();
        backend.topology()
                .ensureSwitch(new SwitchSpec(
                        node,
                        new NodeName("node-" + number),
                        router,
                        List.of(new SwitchSpec.Subnet(subnet, cidr, gateway, MacAddress.derivedFrom(gateway))),
                        null,
                        "chassis-" + number,
                        1400));
        List<PortSpec> specs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            IpAddress address = cidr.address(2 + i);
            specs.add(new PortSpec(PortId.random(), subnet, MacAddress.derivedFrom(address), List.of(address), null));
        }
        List<SdnPort> made = backend.ports().ensure(node, specs);
        sql("""
            insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, chassis, agent, epoch, state, node_class)
            values ('%s', '%s', 'node-%d', 4, 8192, 110, 'chassis-%3$d', gen_random_uuid(), 1, 'ready', null)""".formatted(node, id(cluster), number), """
            insert into subnet (id, cluster_id, node_id, ordinal, pool, cidr, gateway, gateway_mac)
            values ('%s', '%s', '%s', 0, 'pods', '%s', '%s', '%s')""".formatted(
                        subnet, id(cluster), node, cidr, gateway, MacAddress.derivedFrom(gateway)));
        for (int i = 0; i < count; i++) {
            PortId port = specs.get(i).id();
            String backendId = made.stream()
                    .filter(each -> each.id().equals(port))
                    .findFirst()
                    .orElseThrow()
                    .backendId();
            sql("""
                insert into port (id, cluster_id, node_id, subnet_id, ip, mac, backend_id, state, lease_epoch, changed_by)
                values ('%s', '%s', '%s', '%s', '%s', '%s', '%s', 'leased', 1, 'test')""".formatted(
                            port,
                            id(cluster),
                            node,
                            subnet,
                            specs.get(i).addresses().getFirst(),
                            specs.get(i).mac(),
                            backendId));
        }
        return new Fleet(node, specs.stream().map(PortSpec::id).toList());
    }

    /** A pod has got the port, as ipam-service would have been told. */
    void podOn(PortId port, String namespace, String name) {
        sql(
                "update port set state = 'bound', sandbox = '%s', interface = 'eth0', pod_namespace = '%s', pod_name = '%s', pod_uid = 'u' where id = '%s'"
                        .formatted(UUID.randomUUID(), namespace, name, port));
    }

    static String path(String cluster, String profile) {
        return "/v1/clusters/" + cluster + "/security-profiles/" + profile;
    }

    static Map<String, Object> allowTcp(int port) {
        return Map.of("direction", "ingress", "protocol", "tcp", "ports", Map.of("first", port));
    }

    /** A profile that the network has; its id. */
    String profile(String cluster, String name, Object... rules) {
        http().put(path(cluster, name), Map.of("rules", List.of(rules))).assertStatus(201);
        return ready(cluster, name);
    }

    String ready(String cluster, String name) {
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> http().get(path(cluster, name))
                                .json()
                                .path("state")
                                .asString(),
                        "ready"::equals);
        return http().get(path(cluster, name)).json().path("id").asString();
    }

    /** Its ports are closed unless bound. */
    void enforce(String cluster, String... defaults) {
        http().put("/v1/clusters/" + cluster + "/security", Map.of("defaultProfiles", List.of(defaults)))
                .assertStatus(201);
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> http().get("/v1/clusters/" + cluster + "/security")
                                .json()
                                .path("state")
                                .asString(),
                        "ready"::equals);
    }

    /** What a node asks of one port. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Asked(String port, List<String> profiles, Map<String, String> pod) {}

    static Asked binding(PortId port, String... profiles) {
        return new Asked(port.toString(), List.of(profiles), null);
    }

    static Asked bindingFor(String namespace, PortId port, String... profiles) {
        return new Asked(port.toString(), List.of(profiles), Map.of("namespace", namespace, "name", "p", "uid", "u"));
    }

    Http.Answer bind(Http http, NodeId node, long epoch, Asked... bindings) {
        return http.post("/v1/nodes/" + node + "/bindings", Map.of("epoch", epoch, "bindings", List.of(bindings)));
    }

    Http.Answer bind(Fleet fleet, Asked... bindings) {
        return bind(http(), fleet.node(), 1, bindings);
    }

    /** With a header, and with the answer's entity tag as its first element. */
    static List<String> conditional(Http http, String method, String path, String body, String header, String value) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(http.base() + path))
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (value != null) {
            request.header(header, value);
        }
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return List.of(
                    answer.headers().firstValue("ETag").orElse(""),
                    Integer.toString(answer.statusCode()),
                    answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    List<String> rows(String sql) {
        List<String> rows = new ArrayList<>();
        try (Connection connection = ledger.owner().connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
        return rows;
    }

    void sql(String... statements) {
        try {
            ledger.execute(statements);
        } catch (SQLException e) {
            throw new IllegalStateException(List.of(statements).toString(), e);
        }
    }

    /** Everything that security-service writes of a cluster. */
    List<String> dump(String cluster) {
        List<String> all = new ArrayList<>();
        for (String table : List.of("security", "security_profile", "profile_pool", "profile_binding")) {
            all.addAll(rows("select '%1$s ' || cast(t as text) from %1$s t where t.cluster_id = '%2$s' order by 1"
                    .formatted(table, id(cluster))));
        }
        all.addAll(rows(
                "select 'rule ' || cast(r as text) from security_rule r join security_profile p on p.id = r.profile_id where p.cluster_id = '%s' order by 1"
                        .formatted(id(cluster))));
        return all;
    }

    @Override
    public void close() {
        List.copyOf(replicas).forEach(this::stop);
        networks.close();
    }
}
