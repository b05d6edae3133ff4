package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ledger.LedgerDatabase;
import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.PoolRequest;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.portolan.model.api.PortsChanged;
import io.portolan.model.api.SubnetRequest;
import io.portolan.model.api.TransitionRequest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * One ledger and replicas on it, shared by all tests of a JVM; every test declares clusters of its own, so that none
 * meets another's rows. Clusters and nodes are written as topology-service would write them.
 */
public final class World {
    private static final List<Replica> REPLICAS = new ArrayList<>();
    private static final LedgerDatabase LEDGER = LedgerDatabase.create();

    private World() {}

    /** A cluster's name and id. */
    public record TestingCluster(String name, ClusterId id) {
        public String path() {
            return "/v1/clusters/" + name;
        }
    }

    public static LedgerDatabase ledger() {
        return LEDGER;
    }

    public static synchronized Replica replica(int number) {
        while (REPLICAS.size() <= number) {
            REPLICAS.add(Replica.start(LEDGER));
        }
        return REPLICAS.get(number);
    }

    public static Http http() {
        return replica(0).http();
    }

    public static void sql(String... statements) {
        try {
            LEDGER.execute(statements);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first column. */
    public static List<String> rows(String sql) {
        List<String> rows = new ArrayList<>();
        try (Connection connection = LEDGER.owner().connect();
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

    /** Every row of the cluster that this service may write, and how many rows there are of others. */
    public static List<String> dump(TestingCluster cluster) {
        List<String> all = new ArrayList<>();
        for (String table : List.of("pool", "subnet", "port", "port_event")) {
            all.addAll(rows("select '%1$s ' || cast(t as text) from %1$s t where cluster_id = '%2$s' order by 1"
                    .formatted(table, cluster.id())));
            all.addAll(rows("select count(*) from " + table));
        }
        return all;
    }

    /** Runs what is to be refused, and asserts that the ledger is as it was. */
    public static <T> T changingNothing(TestingCluster cluster, Supplier<T> refused) {
        List<String> before = dump(cluster);
        T answer = refused.get();
        assertThat(dump(cluster)).isEqualTo(before);
        return answer;
    }

    public static TestingCluster cluster(String podCidrs, int cooldownSeconds) {
        ClusterId id = ClusterId.random();
        String name = "c" + id.value().toString().substring(0, 13);
        sql("""
            insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds, pods_per_cpu, pods_per_gib, min_pods, max_pods, state)
            values ('%s', '%s', 'overlay', '{%s}', 'memory:', 1400, 16, 8, %d, 10, 10, 5, 250, 'ready')""".formatted(id, name, podCidrs, cooldownSeconds));
        return new TestingCluster(name, id);
    }

    /** A cluster with one pool, {@code pods}, over all of its addresses. */
    public static TestingCluster clusterWithPool(String cidr, int cooldownSeconds) {
        TestingCluster cluster = cluster(cidr, cooldownSeconds);
        http().put(cluster.path() + "/pools/pods", new PoolRequest(Cidr.parse(cidr)))
                .assertStatus(201);
        return cluster;
    }

    public static NodeId node(TestingCluster cluster) {
        return node(cluster, "'chassis-' || gen_random_uuid()", "null");
    }

    /** A node whose ports are nested in this port of a VM. */
    public static NodeId nestedNode(TestingCluster cluster, String parentPort) {
        return node(cluster, "null", "'" + parentPort + "'");
    }

    private static NodeId node(TestingCluster cluster, String chassis, String parentPort) {
        NodeId id = NodeId.random();
        sql("""
            insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, chassis, parent_port, agent, epoch, state)
            values ('%1$s', '%2$s', 'n%1$s', 4, 8192, 110, %3$s, %4$s, '%1$s', 1, 'ready')""".formatted(id, cluster.id(), chassis, parentPort));
        return id;
    }

    /** Cuts a subnet and makes all of its ports, as topology-service would. */
    public static List<PortId> freePorts(NodeId node, int ordinal, int prefixLength) {
        http().put("/v1/nodes/" + node + "/subnets/" + ordinal, new SubnetRequest(prefixLength))
                .assertStatus(201);
        List<PortId> planned =
                ports(node, PortState.PLANNED).stream().map(PortView::id).toList();
        move(node, PortState.PLANNED, PortState.PROVISIONING, planned);
        move(node, PortState.PROVISIONING, PortState.FREE, planned);
        return planned;
    }

    public static PortsChanged move(NodeId node, PortState from, PortState to, List<PortId> ports) {
        return http().post("/v1/nodes/" + node + "/transitions", transition(from, to, ports))
                .as(PortsChanged.class);
    }

    public static TransitionRequest transition(PortState from, PortState to, List<PortId> ports) {
        return new TransitionRequest(
                from,
                to,
                ports.stream()
                        .map(port -> new TransitionRequest.Item(
                                port,
                                to == PortState.FREE ? port.toString() : null,
                                to == PortState.FAILED ? "the network said no" : null))
                        .toList());
    }

    public static List<PortView> ports(NodeId node, PortState state) {
        return http().get("/v1/nodes/" + node + "/ports?limit=1024&state=" + state.text())
                .as(PortPage.class)
                .ports();
    }

    public static List<PortView> claim(NodeId node, int count) {
        return http().post("/v1/nodes/" + node + "/claims", new ClaimRequest(UUID.randomUUID(), 1, count))
                .as(ClaimAnswer.class)
                .ports();
    }
}
