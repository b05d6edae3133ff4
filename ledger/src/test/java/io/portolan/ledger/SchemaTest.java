package io.portolan.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.testbed.postgres.PostgresServer;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;

class SchemaTest {
    private static final String BLUE = "'00000000-0000-4000-8000-00000000000b'";
    private static final String GREEN = "'00000000-0000-4000-8000-000000000009'";

    private LedgerDatabase ledger;

    @BeforeEach
    void twoClustersWithANodeEach() throws SQLException {
        ledger = LedgerDatabase.create();
        for (String cluster : List.of(BLUE, GREEN)) {
            ledger.execute(
                    """
                    insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds, pods_per_cpu, pods_per_gib, min_pods, max_pods, state)
                    values (%1$s, right(%1$s, 1), 'overlay', '{10.4.0.0/16}', 'memory:', 1400, 16, 8, 30, 10, 10, 5, 250, 'ready')""".formatted(cluster),
                    "insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, parent_port, agent, epoch, state) values (%1$s, %1$s, 'node-1', 4, 8192, 110, 'vif-1', %1$s, 1, 'ready')"
                            .formatted(cluster),
                    "insert into pool (cluster_id, name, cidr) values (%s, 'pods', '10.4.0.0/16')".formatted(cluster),
                    subnet(cluster, 0, "10.4.0.0/26"));
        }
    }

    private static String subnet(String cluster, int ordinal, String cidr) {
        return """
               insert into subnet (id, cluster_id, node_id, ordinal, pool, cidr, gateway, gateway_mac)
               values (md5(%1$s || %2$d)::uuid, %1$s, %1$s, %2$d, 'pods', '%3$s', host('%3$s'::inet + 1)::inet, '0a:58:00:00:00:01')""".formatted(cluster, ordinal, cidr);
    }

    private static String port(String cluster, String ip, int tag, String more, String values) {
        return """
               insert into port (id, cluster_id, node_id, subnet_id, ip, mac, parent, vlan_tag, state, changed_by%5$s)
               values (md5(random()::text)::uuid, %1$s, %1$s, md5(%1$s || 0)::uuid, '%2$s', ('0a58' || substr(md5('%2$s'), 1, 8))::macaddr, 'vif-1', %3$d, %4$s, 'test'%6$s)""".formatted(cluster, ip, tag, more.contains("sandbox") ? "'bound'" : "'planned'", more, values);
    }

    private void assertRefusedBy(String constraint, String sql) {
        assertThatThrownBy(() -> ledger.execute(sql))
                .isInstanceOfSatisfying(
                        PSQLException.class,
                        e -> assertThat(e.getServerErrorMessage().getConstraint())
                                .isEqualTo(constraint));
    }

    @Test
    void schemaSqlIsWhatTheMigrationsMake() throws SQLException, IOException {
        Database fromOneFile = PostgresServer.shared().newDatabase();
        try (Connection connection = fromOneFile.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(Files.readString(Path.of("schema.sql")));
        }
        List<String> migrated = Catalog.of(LedgerDatabase.create().owner());
        assertThat(migrated).hasSizeGreaterThan(100);
        assertThat(Catalog.of(fromOneFile)).isEqualTo(migrated);
    }

    @ParameterizedTest
    @CsvSource({"10.4.0.0/26", "10.4.0.0/27", "10.4.0.32/27", "10.4.0.0/24"})
    void subnetsOfAClusterDoNotOverlap(String cidr) {
        assertRefusedBy("subnet_cidr_no_overlap", subnet(BLUE, 1, cidr));
    }

    @Test
    void subnetsOfTwoClustersMayOverlap() throws SQLException {
        ledger.execute(subnet(BLUE, 1, "10.4.0.64/26"), subnet(GREEN, 1, "10.4.0.64/27"));
    }

    @Test
    void poolsOfAClusterDoNotOverlap() {
        assertRefusedBy(
                "pool_cidr_no_overlap",
                "insert into pool (cluster_id, name, cidr) values (%s, 'more', '10.4.128.0/17')".formatted(BLUE));
    }

    @Test
    void lesson02AnAddressAndATagAreTakenOnceInAClusterAndAgainInAnother() throws SQLException {
        ledger.execute(port(BLUE, "10.4.0.5", 101, "", ""), port(GREEN, "10.4.0.5", 101, "", ""));
        assertRefusedBy("port_parent_vlan_tag_key", port(BLUE, "10.4.0.6", 101, "", ""));
        assertRefusedBy("port_subnet_ip_key", port(BLUE, "10.4.0.5", 102, "", ""));
    }

    @Test
    void lesson02ASandboxsInterfaceHasOnePort() throws SQLException {
        String more = ", backend_id, lease_epoch, sandbox, interface";
        ledger.execute(port(BLUE, "10.4.0.5", 101, more, ", 'a', 1, 'c1', 'eth0'"));
        ledger.execute(port(BLUE, "10.4.0.6", 102, more, ", 'b', 1, 'c1', 'eth1'"));
        assertRefusedBy("port_sandbox_interface_key", port(BLUE, "10.4.0.7", 103, more, ", 'c', 1, 'c1', 'eth0'"));
    }

    @Test
    void everyTransitionIsRememberedAndNoneCanBeRewritten() throws SQLException {
        ledger.execute(
                "select port_event_months(current_date, 2)",
                port(BLUE, "10.4.0.5", 101, "", ""),
                "update port set state = 'draining', revision = revision + 1, changed_by = 'somebody'",
                "update port set changed_at = now()",
                "delete from port");
        assertThat(
                        rows(
                                ledger.owner(),
                                "select concat_ws(' ', host(ip), from_state, to_state, changed_by) from port_event order by revision"))
                .containsExactly(
                        "10.4.0.5 planned test",
                        "10.4.0.5 planned draining somebody",
                        "10.4.0.5 draining removed somebody");
        assertThat(rows(ledger.owner(), "select count(*)::text from port_event_rest"))
                .containsExactly("0");
        for (String sql : List.of("delete from port_event", "update port_event set sandbox = 'x'")) {
            assertDenied("ipam", sql);
        }
    }

    @Test
    void monthsOfHistoryAreMadeAndForgotten() throws SQLException {
        Database ipam = ledger.as("ipam");
        assertThat(rows(ipam, "select port_event_months('2026-11-15', 3)::text"))
                .containsExactly("3");
        assertThat(rows(ipam, "select port_event_months('2026-12-01', 3)::text"))
                .containsExactly("1");
        assertThat(rows(ipam, "select port_event_forget('2027-01-01')::text")).containsExactly("2");
        assertThat(
                        rows(
                                ipam,
                                "select string_agg(c.relname, ' ' order by 1) from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'port_event'::regclass group by 'x'::text"))
                .singleElement()
                .asString()
                .contains("port_event_202701")
                .contains("port_event_202702")
                .doesNotContain("2026");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ipam     | update cluster set mtu = 1300",
                "ipam     | update node set epoch = 7",
                "ipam     | insert into port_event_rest select * from port_event",
                "ipam     | truncate port",
                "topology | update port set state = 'free'",
                "topology | delete from subnet",
                "topology | insert into pool select * from pool",
                "topology | select port_event_forget(current_date)",
                "topology | delete from load_balancer",
                "ipam     | update external_address set granted_at = now()",
                "lb       | update port set state = 'free'",
                "lb       | delete from cluster",
                "lb       | delete from profile_binding",
                "topology | update security set state = 'ready'",
                "security | update port set state = 'free'",
                "security | update node set epoch = 7",
                "reader   | delete from node_class",
                "reader   | create table loot ()"
            })
    void aServiceWritesItsOwnTablesOnly(String service, String sql) {
        assertDenied(service, sql);
    }

    @Test
    void aClusterTakesItsProfilesAlongThoughTheyNameEachOther() throws SQLException {
        String profile =
                "insert into security_profile (id, cluster_id, name, description, state) values ('%s', %s, '%s', '', 'pending')";
        String rule =
                "insert into security_rule (profile_id, ordinal, direction, action, priority, protocol, remote_profile, log) values ('%s', 0, 'ingress', 'allow', 0, 'any', '%s', false)";
        String web = "00000000-0000-4000-8000-000000000001";
        String db = "00000000-0000-4000-8000-000000000002";
        ledger.execute(
                profile.formatted(web, BLUE, "web"),
                profile.formatted(db, BLUE, "db"),
                rule.formatted(web, db),
                rule.formatted(db, web));
        assertRefusedBy("security_rule_remote_fkey", "delete from security_profile where id = '%s'".formatted(web));
        ledger.execute(
                "delete from subnet where cluster_id = " + BLUE,
                "delete from pool where cluster_id = " + BLUE,
                "delete from node where cluster_id = " + BLUE,
                "delete from cluster where id = " + BLUE);
        assertThat(rows(ledger.owner(), "select name from security_profile")).isEmpty();
        assertThat(rows(ledger.owner(), "select ordinal::text from security_rule"))
                .isEmpty();
    }

    @Test
    void aPortTakesItsBindingAlong() throws SQLException {
        ledger.execute(
                port(BLUE, "10.4.0.5", 101, "", ""),
                "insert into profile_binding (port_id, cluster_id, node_id, wanted) select id, cluster_id, node_id, '{}' from port",
                "select port_event_months(current_date, 2)");
        try (Connection connection = ledger.as("ipam").connect();
                Statement statement = connection.createStatement()) {
            statement.execute("delete from port");
        }
        assertThat(rows(ledger.owner(), "select port_id::text from profile_binding"))
                .isEmpty();
    }

    private void assertDenied(String service, String sql) {
        Database database = ledger.as(service);
        assertThatThrownBy(() -> {
                    try (Connection connection = database.connect();
                            Statement statement = connection.createStatement()) {
                        statement.execute(sql);
                    }
                })
                .as(sql)
                .hasMessageContaining("permission denied");
    }

    private static List<String> rows(Database database, String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }
}
