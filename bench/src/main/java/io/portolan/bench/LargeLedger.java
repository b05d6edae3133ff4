package io.portolan.bench;

import io.portolan.e2e.stack.ReplicatedServices;
import io.portolan.e2e.stack.RestCalls;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;

/** A ledger with nodes whose ports are free, written as statements, and an ipam-service that serves it. */
final class LargeLedger implements AutoCloseable {
    static final int PORTS_OF_A_NODE = 200;
    private static final int HEAP_MIB = 256;

    private final Workspace workspace = Workspace.create();
    private final ReplicatedServices services;
    private final int nodes;

    LargeLedger(int nodes) {
        this.nodes = nodes;
        Bench.say("writing a ledger of %,d nodes with %d ports each".formatted(nodes, PORTS_OF_A_NODE));
        services = ReplicatedServices.ipam(workspace, Path.of("").toAbsolutePath(), HEAP_MIB);
        run("""
                insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds,
                  pods_per_cpu, pods_per_gib, min_pods, max_pods, state)
                values ('00000000-0000-4000-8000-000000000000', 'bench', 'overlay', '{10.0.0.0/8}', 'nowhere:', 1400, 16, 8, 30, 10, 10, 5, 250, 'ready')""");
        run("insert into pool (cluster_id, name, cidr) select id, 'default', pod_cidrs[1] from cluster");
        run("""
                insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, chassis, agent, epoch, state)
                select %s, c.id, 'node-' || i, 64, 262144, 200, 'chassis-' || i, gen_random_uuid(), 1, 'ready'
                from cluster c, generate_series(1, %d) i""".formatted(node("i"), nodes));
        run("""
                insert into subnet (id, cluster_id, node_id, ordinal, pool, cidr, gateway, gateway_mac)
                select n.id, n.cluster_id, n.id, 0, 'default', set_masklen(a, 24)::cidr, a + 1, '0a:58:00:00:00:01'
                from node n cross join lateral (select '10.0.0.0'::inet + substr(n.name, 6)::bigint * 256) as first(a)""");
        // Without the triggers that write a history and look at foreign keys, which take longer than the rows.
        run("""
                set session_replication_role = replica;
                insert into port (id, cluster_id, node_id, subnet_id, ip, mac, backend_id, state, changed_by)
                select gen_random_uuid(), s.cluster_id, s.node_id, s.id, s.gateway + j,
                  ('0a5800' || lpad(to_hex(j), 6, '0'))::macaddr, s.node_id || '-' || j, 'free', 'bench'
                from subnet s, generate_series(1, %d) j""".formatted(PORTS_OF_A_NODE));
        run("vacuum analyze");
    }

    /** In SQL, the id of a node by its number, from 1 on. */
    static String node(String number) {
        return "('00000000-0000-4000-8000-' || lpad(to_hex((%s)::bigint), 12, '0'))::uuid".formatted(number);
    }

    static UUID nodeId(int number) {
        return new UUID(0x4000L, 0x8000L << 48 | number);
    }

    int nodes() {
        return nodes;
    }

    Database database() {
        return services.ledger().owner();
    }

    URI ipam() {
        return services.ipamUrls().getFirst();
    }

    RestCalls calls() {
        return services.ipam().getFirst().calls();
    }

    /** How many ports are on lease. */
    long leased() {
        return number("select count(*) from port where state = 'leased'");
    }

    long number(String sql) {
        try (Connection connection = database().connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException("the ledger cannot be read", e);
        }
    }

    private void run(String sql) {
        try (Connection connection = database().connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException("the ledger cannot be filled", e);
        }
    }

    @Override
    public void close() {
        workspace.close();
    }
}
