package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReportRequest;
import io.portolan.model.api.SubnetRequest;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The connection is killed between two statements of a transaction: nothing is half-written and asking again works. */
class CrashTest {
    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
    private final NodeId node = World.node(cluster);

    /** Lets the call run into a table lock, at a statement that begins like this, and kills its connection there. */
    private void killAt(String table, String statement, Supplier<Http.Answer> call) throws SQLException {
        List<String> before = World.dump(cluster);
        Http.Answer answer;
        try (Connection blocker = World.ledger().owner().connect();
                Statement lock = blocker.createStatement()) {
            blocker.setAutoCommit(false);
            lock.execute("lock table " + table + " in share row exclusive mode");
            CompletableFuture<Http.Answer> running = CompletableFuture.supplyAsync(call);
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> !World.rows("""
                            select pg_terminate_backend(pid) from pg_stat_activity
                            where datname = current_database() and wait_event_type = 'Lock' and query like '%s%%'""".formatted(statement)).isEmpty());
            answer = running.join();
            blocker.rollback();
        }
        answer.assertProblem(503, "ledger-unavailable", "");
        assertThat(answer.retryAfter()).isNotEmpty();
        assertThat(World.dump(cluster)).isEqualTo(before);
        assertThat(call.get().status()).isBetween(200, 201);
        assertThat(World.dump(cluster)).isNotEqualTo(before);
    }

    @Test
    void betweenASubnetAndItsPorts() throws SQLException {
        killAt(
                "port",
                "insert into port",
                () -> World.http().put("/v1/nodes/" + node + "/subnets/0", new SubnetRequest(24)));
    }

    @Test
    void betweenThePortsAndTheirHistory() throws SQLException {
        killAt(
                "port_event",
                "insert into port",
                () -> World.http().put("/v1/nodes/" + node + "/subnets/0", new SubnetRequest(24)));
    }

    @Test
    void betweenTwoReportsOfABatch() throws SQLException {
        World.freePorts(node, 0, 28);
        List<PortId> ports = World.claim(node, 3).stream().map(PortView::id).toList();
        World.sql("""
            create function slow_down() returns trigger language plpgsql as $$ begin lock table slow in share mode; return new; end $$""", "create table slow ()", "grant select, update on slow to portolan_ipam", """
            create trigger slow_down before update on port for each row when (new.sandbox = 'second') execute function slow_down()""");
        try {
            ReportRequest batch =
                    new ReportRequest(1, List.of(bound(ports.get(0), "first"), bound(ports.get(1), "second")));
            killAt("slow", "update port", () -> World.http().post("/v1/nodes/" + node + "/reports", batch));
        } finally {
            World.sql("drop function slow_down() cascade", "drop table slow");
        }
    }

    private static PortReport bound(PortId port, String sandbox) {
        return new PortReport(UUID.randomUUID(), port, PortReport.Kind.BOUND, sandbox, "eth0", null, Instant.now());
    }
}
