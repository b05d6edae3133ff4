package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.ledger.LedgerDatabase;
import io.portolan.ledger.LedgerIncompatible;
import io.portolan.model.Cidr;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.PoolRequest;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.ReportAnswer;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A later release's migration runs on the ledger that this release's replicas are working on. */
class UpgradeTest {
    private static final int NODES = 3;
    private static final int BATCH = 4;

    private final LedgerDatabase ledger = LedgerDatabase.create();
    private final AtomicInteger rounds = new AtomicInteger();
    private final AtomicLong longest = new AtomicLong();
    private final AtomicBoolean over = new AtomicBoolean();
    private Replica replica = Replica.start(ledger);

    @AfterEach
    void stop() {
        over.set(true);
        replica.close();
    }

    private NodeId nodeWithPorts(int number) {
        NodeId node = NodeId.random();
        try {
            ledger.execute("""
                insert into cluster (id, name, mode, pod_cidrs, backend, mtu, lease_batch, warm_headroom, cooldown_seconds, pods_per_cpu, pods_per_gib, min_pods, max_pods, state)
                values ('%1$s', 'c%2$d', 'overlay', '{10.4.0.0/16}', 'memory:', 1400, 16, 8, 0, 10, 10, 5, 250, 'ready')""".formatted(node, number), """
                insert into node (id, cluster_id, name, cpus, memory_mib, max_pods, chassis, agent, epoch, state)
                values ('%1$s', '%1$s', 'n', 4, 8192, 110, 'c', '%1$s', 1, 'ready')""".formatted(node));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        Http http = replica.http();
        http.put("/v1/clusters/c" + number + "/pools/pods", new PoolRequest(Cidr.parse("10.4.0.0/16")))
                .assertStatus(201);
        http.put("/v1/nodes/" + node + "/subnets/0", new SubnetRequest(27)).assertStatus(201);
        List<PortId> ports =
                http.get("/v1/nodes/" + node + "/ports?limit=1024&state=planned").as(PortPage.class).ports().stream()
                        .map(PortView::id)
                        .toList();
        http.post(
                        "/v1/nodes/" + node + "/transitions",
                        World.transition(PortState.PLANNED, PortState.PROVISIONING, ports))
                .assertStatus(200);
        http.post("/v1/nodes/" + node + "/transitions", World.transition(PortState.PROVISIONING, PortState.FREE, ports))
                .assertStatus(200);
        return node;
    }

    /** Claims, binds, releases and gives back without a pause. Nothing is asked twice. */
    private void work(NodeId node) {
        while (!over.get()) {
            List<PortId> ports = timed(() -> replica.http()
                            .post("/v1/nodes/" + node + "/claims", new ClaimRequest(UUID.randomUUID(), 1, BATCH)))
                    .as(ClaimAnswer.class)
                    .ports()
                    .stream()
                    .map(PortView::id)
                    .toList();
            assertThat(ports).hasSize(BATCH);
            for (PortReport.Kind kind :
                    List.of(PortReport.Kind.BOUND, PortReport.Kind.RELEASED, PortReport.Kind.RESTED)) {
                List<PortReport> batch = ports.stream()
                        .map(port ->
                                new PortReport(UUID.randomUUID(), port, kind, "s" + port, "eth0", null, Instant.now()))
                        .toList();
                assertThat(timed(() -> replica.http()
                                        .post("/v1/nodes/" + node + "/reports", new ReportRequest(1, batch)))
                                .as(ReportAnswer.class)
                                .outcomes())
                        .allMatch(ReportAnswer.Outcome::applied);
            }
            timed(() -> replica.http().post("/v1/nodes/" + node + "/releases", new ReleaseRequest(1, ports)))
                    .assertStatus(200);
            rounds.incrementAndGet();
        }
    }

    private Http.Answer timed(Supplier<Http.Answer> call) {
        long start = System.nanoTime();
        Http.Answer answer = call.get();
        longest.accumulateAndGet(System.nanoTime() - start, Math::max);
        return answer;
    }

    private void awaitRounds(int more, CompletableFuture<Void> work) {
        int from = rounds.get();
        await().atMost(Duration.ofMinutes(1)).until(() -> work.isDone() || rounds.get() >= from + more);
    }

    @Test
    void claimsGoOnWhileALaterReleaseMigratesAndAfterwardsAReplicaStarts() throws SQLException {
        List<NodeId> nodes =
                IntStream.range(0, NODES).mapToObj(this::nodeWithPorts).toList();
        CompletableFuture<Void> work = CompletableFuture.allOf(nodes.stream()
                .map(node -> CompletableFuture.runAsync(() -> work(node)))
                .toArray(CompletableFuture[]::new));
        awaitRounds(20, work);
        longest.set(0);
        CompletableFuture<Integer> migration;
        try (Connection reader = ledger.owner().connect();
                Statement look = reader.createStatement()) {
            reader.setAutoCommit(false);
            look.execute("select count(*) from port");
            migration = CompletableFuture.supplyAsync(() -> ledger.migrate("db/next"));
            awaitRounds(60, work);
            assertThat(migration).as("waits for the reader").isNotDone();
            reader.rollback();
        }
        assertThat(migration.join()).isEqualTo(2);
        Duration waited = Duration.ofNanos(longest.get());
        awaitRounds(20, work);
        Replica old = replica;
        try (Replica started = Replica.start(ledger)) {
            replica = started;
            awaitRounds(20, work);
            assertThat(started.http()
                            .get("/actuator/info")
                            .json()
                            .at("/ledger/ledger")
                            .asInt())
                    .isEqualTo(902);
            over.set(true);
            work.join();
        } finally {
            replica = old;
        }
        assertThat(waited).isLessThan(Duration.ofSeconds(3));
    }

    @Test
    void aReplicaDoesNotStartOnALedgerThatItCannotWorkOn() {
        ledger.migrate("db/next", "db/breaking");
        assertThatThrownBy(() -> Replica.start(ledger).close())
                .satisfies(e -> assertThat(Stream.iterate(e, cause -> cause != null, Throwable::getCause))
                        .anySatisfy(cause -> assertThat(cause)
                                .isInstanceOf(LedgerIncompatible.class)
                                .hasMessageStartingWith(
                                        "the ledger has schema 911, which only services of schema 901")));
    }
}
