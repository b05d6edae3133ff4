package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.kit.loop.ReconcileLoop;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import io.portolan.model.api.SubnetRequest;
import io.portolan.testbed.postgres.PostgresRelay;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The ledger fails in the ways in which it fails while it fails over. The worst first: the connection breaks after the
 * server committed and before the service hears of it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LedgerFailuresTest {
    private final Database direct = World.ledger().as("ipam");
    private final PostgresRelay relay = PostgresRelay.to(direct);
    private final Replica replica = Replica.start(
            World.ledger(),
            "spring.datasource.url=" + relay.relayed(direct).url(),
            "portolan.ipam.utilisation.interval=1h");

    /** A commit is lost whose ever it is: nobody but the test commits. */
    @BeforeAll
    void stopTheChores() {
        replica.bean(ReconcileLoop.class).stop();
    }

    @AfterAll
    void close() {
        replica.close();
        relay.close();
    }

    /** The answer to asking again, after a first call that was done and not confirmed. */
    private Http.Answer askedTwice(World.TestingCluster cluster, Supplier<Http.Answer> call) {
        List<String> before = World.dump(cluster);
        int lost = relay.lostCommits();
        relay.loseCommit();
        Http.Answer first = call.get();
        first.assertProblem(503, "ledger-unavailable", "");
        assertThat(first.retryAfter()).isNotEmpty();
        assertThat(relay.lostCommits()).isEqualTo(lost + 1);
        List<String> committed = World.dump(cluster);
        assertThat(committed).as("it was done").isNotEqualTo(before);
        Http.Answer second = call.get();
        assertThat(World.dump(cluster)).as("and is not done twice").isEqualTo(committed);
        return second;
    }

    @Test
    void aSubnetWhoseCommitWasNotConfirmedIsTheOneThatTheNodeGets() {
        World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
        NodeId node = World.node(cluster);
        askedTwice(cluster, () -> replica.http().put("/v1/nodes/" + node + "/subnets/0", new SubnetRequest(28)))
                .assertStatus(200);
        assertThat(World.rows("select cidr::text from subnet where node_id = '" + node + "'"))
                .hasSize(1);
    }

    @Test
    void aClaimWhoseCommitWasNotConfirmedGetsTheSamePorts() {
        World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
        NodeId node = World.node(cluster);
        World.freePorts(node, 0, 28);
        ClaimRequest claim = new ClaimRequest(UUID.randomUUID(), 1, 4);
        ClaimAnswer again = askedTwice(cluster, () -> replica.http().post("/v1/nodes/" + node + "/claims", claim))
                .as(ClaimAnswer.class);
        assertThat(again.ports()).hasSize(4);
        assertThat(World.ports(node, PortState.LEASED)).isEqualTo(again.ports());
    }

    @Test
    void aReportWhoseCommitWasNotConfirmedIsAppliedOnce() {
        World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
        NodeId node = World.node(cluster);
        World.freePorts(node, 0, 28);
        PortId port = World.claim(node, 1).getFirst().id();
        PortReport bound =
                new PortReport(UUID.randomUUID(), port, PortReport.Kind.BOUND, "sandbox", "eth0", null, Instant.now());
        ReportAnswer again = askedTwice(
                        cluster,
                        () -> replica.http()
                                .post("/v1/nodes/" + node + "/reports", new ReportRequest(1, List.of(bound))))
                .as(ReportAnswer.class);
        assertThat(again.outcomes()).containsExactly(new ReportAnswer.Outcome(bound.id(), true, null));
        assertThat(World.rows("select count(*) from port_event where report = '" + bound.id() + "'"))
                .containsExactly("1");
    }

    @Test
    void aReturnWhoseCommitWasNotConfirmedIsDone() {
        World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
        NodeId node = World.node(cluster);
        World.freePorts(node, 0, 28);
        List<PortId> ports = World.claim(node, 3).stream().map(PortView::id).toList();
        ReleaseAnswer again = askedTwice(
                        cluster,
                        () -> replica.http().post("/v1/nodes/" + node + "/releases", new ReleaseRequest(1, ports)))
                .as(ReleaseAnswer.class);
        assertThat(again.released()).containsExactlyInAnyOrderElementsOf(ports);
    }

    /** What a standby, a server that stops, crashes or starts, a full one and a broken connection say. */
    @ParameterizedTest
    @ValueSource(strings = {"25006", "57P01", "57P02", "57P03", "08000", "08003", "08006", "53300", "40001", "55P03"})
    void whateverTheLedgerFailsWithIsAnswered503AndChangesNothing(String state) {
        World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
        NodeId node = World.node(cluster);
        World.freePorts(node, 0, 28);
        String name = "fails_" + state.toLowerCase(java.util.Locale.ROOT);
        World.sql(
                "create function %s() returns trigger language plpgsql as $$ begin raise exception 'as told' using errcode = '%s'; end $$"
                        .formatted(name, state),
                "create trigger %1$s before update on port for each row when (new.node_id = '%2$s') execute function %1$s()"
                        .formatted(name, node));
        try {
            Http.Answer answer = World.changingNothing(
                    cluster,
                    () -> replica.http()
                            .post("/v1/nodes/" + node + "/claims", new ClaimRequest(UUID.randomUUID(), 1, 1)));
            answer.assertProblem(503, "ledger-unavailable", "");
            assertThat(answer.retryAfter()).isNotEmpty();
        } finally {
            World.sql("drop function %s() cascade".formatted(name));
        }
    }

    @Test
    void aServerThatTakesNoWritesAnyMoreIsLeftAndTheServiceGoesOnByItself() throws SQLException {
        LedgerDatabase ledger = LedgerDatabase.create();
        String name = ledger.owner().url().replaceFirst(".*/", "");
        try (Replica alone = Replica.start(
                ledger,
                "spring.datasource.hikari.data-source-properties.targetServerType=any",
                "spring.datasource.hikari.connection-timeout=3000")) {
            Supplier<Http.Answer> declare = () -> alone.http()
                    .post("/v1/nodes/" + UUID.randomUUID() + "/claims", new ClaimRequest(UUID.randomUUID(), 1, 1));
            declare.get().assertProblem(404, "unknown-node", "node");
            ledger.execute(
                    "alter database " + name + " set default_transaction_read_only = on",
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
            await().atMost(Duration.ofMinutes(1)).until(() -> declare.get().status() == 503);
            ledger.execute("set default_transaction_read_only = off", "alter database " + name + " reset all");
            await().atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> declare.get().assertProblem(404, "unknown-node", "node"));
        }
    }
}
