package io.portolan.ipam.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Replica;
import io.portolan.ipam.World;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.ReportRequest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class UpkeepTest {
    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 3600);
    private final NodeId node = World.node(cluster);

    /** Two ports that a pod let go of; the first is given back, the second stays in the node's cache. */
    private List<PortId> cooling() {
        World.freePorts(node, 0, 28);
        List<PortId> ports = World.claim(node, 2).stream().map(PortView::id).toList();
        List<PortReport> reports = new ArrayList<>();
        for (PortId port : ports) {
            String sandbox = "sandbox-" + port;
            reports.add(new PortReport(
                    UUID.randomUUID(), port, PortReport.Kind.BOUND, sandbox, "eth0", null, Instant.now()));
            reports.add(new PortReport(
                    UUID.randomUUID(), port, PortReport.Kind.RELEASED, sandbox, "eth0", null, Instant.now()));
        }
        World.http()
                .post("/v1/nodes/" + node + "/reports", new ReportRequest(1, reports))
                .assertStatus(200);
        World.http()
                .post("/v1/nodes/" + node + "/releases", new ReleaseRequest(1, ports.subList(0, 1)))
                .assertStatus(200);
        return ports;
    }

    private static PortState state(PortId port) {
        return World.http().get("/v1/ports/" + port).as(PortView.class).state();
    }

    @Test
    void lesson07AnAddressRestsForItsClustersCoolDownAndOneInACacheIsItsNodes() {
        List<PortId> ports = cooling();
        Chores.coolDown(World.replica(0));
        assertThat(ports).extracting(UpkeepTest::state).containsExactly(PortState.COOLING, PortState.COOLING);
        World.sql("update port set released_at = released_at - interval '59 minutes' where node_id = '%s'"
                .formatted(node));
        Chores.coolDown(World.replica(0));
        assertThat(ports).extracting(UpkeepTest::state).containsExactly(PortState.COOLING, PortState.COOLING);
        World.sql(
                "update port set released_at = released_at - interval '1 minute' where node_id = '%s'".formatted(node));
        Chores.coolDown(World.replica(0));
        assertThat(ports).extracting(UpkeepTest::state).containsExactly(PortState.FREE, PortState.COOLING);
    }

    @Test
    void onANodeThatDrainsItDrains() {
        List<PortId> ports = cooling();
        World.sql(
                "update port set released_at = released_at - interval '1 hour' where node_id = '%s'".formatted(node),
                "update node set state = 'draining' where id = '%s'".formatted(node));
        Chores.coolDown(World.replica(0));
        assertThat(ports).extracting(UpkeepTest::state).containsExactly(PortState.DRAINING, PortState.COOLING);
    }

    @Test
    void theLoopDoesItUnasked() {
        List<PortId> ports = cooling();
        try (Replica busy = Replica.start(World.ledger(), "portolan.ipam.upkeep.interval=200ms")) {
            World.sql("update port set released_at = released_at - interval '1 hour' where node_id = '%s'"
                    .formatted(node));
            await().atMost(Duration.ofMinutes(1)).until(() -> state(ports.getFirst()) == PortState.FREE);
            busy.http().get("/actuator/health/liveness").assertStatus(200);
        }
    }

    @Test
    void monthsOfHistoryAreMadeAheadAndForgottenAndWhatFellBesideThemIsTakenIn() throws SQLException {
        LedgerDatabase ledger = LedgerDatabase.create();
        ledger.execute("""
                insert into port_event (at, cluster_id, node_id, port_id, ip, to_state, changed_by, revision)
                values (now(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '10.0.0.1', 'free', 'early', 0)""");
        try (Replica replica = Replica.start(ledger, "portolan.ipam.upkeep.retention=60d")) {
            assertThat(months(ledger)).hasSize(4);
            assertThat(column(ledger, "select count(*) from port_event_rest")).containsExactly("0");
            assertThat(column(ledger, "select changed_by from port_event")).containsExactly("early");
            LocalDate later = LocalDate.now(ZoneOffset.UTC).plusMonths(6);
            Chores.keepHistory(replica, later);
            assertThat(months(ledger))
                    .hasSize(4)
                    .allMatch(month -> month.compareTo("port_event_%tY%1$tm".formatted(later.minusMonths(2))) > 0);
        }
    }

    private static List<String> months(LedgerDatabase ledger) throws SQLException {
        return column(
                ledger,
                "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'port_event'::regclass and c.relname <> 'port_event_rest' order by 1");
    }

    private static List<String> column(LedgerDatabase ledger, String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = ledger.owner().connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }
}
