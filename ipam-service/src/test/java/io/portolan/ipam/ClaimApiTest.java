package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.SubnetRequest;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ClaimApiTest {
    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/16", 30);
    private final NodeId node = World.node(cluster);

    private String path(String what) {
        return "/v1/nodes/" + node + "/" + what;
    }

    @Test
    void lesson25FourHundredConcurrentClaimsThroughThreeReplicasGetFourHundredPorts() throws Exception {
        List<PortId> made = World.freePorts(node, 0, 23);
        World.sql(
                "delete from port where node_id = '%s' and id not in (select id from port where node_id = '%1$s' order by ip limit 400)"
                        .formatted(node));
        List<Callable<Http.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            Http http = World.replica(i % 3).http();
            calls.add(() -> http.post(path("claims"), new ClaimRequest(UUID.randomUUID(), 1, 1)));
        }
        Set<PortId> ports = new HashSet<>();
        for (Http.Answer answer : atOnce(calls)) {
            List<PortView> leased = answer.as(ClaimAnswer.class).ports();
            assertThat(leased).hasSize(1);
            ports.add(leased.getFirst().id());
        }
        assertThat(ports).hasSize(400);
        assertThat(made).containsAll(ports);
        JsonNode problem = World.replica(1)
                .http()
                .post(path("claims"), new ClaimRequest(UUID.randomUUID(), 1, 1))
                .assertProblem(507, "no-free-port", "");
        assertThat(problem.path("detail").asString()).contains("400 leased", "release", "another subnet");
        assertThat(problem.path("ports").path("leased").asInt()).isEqualTo(400);
    }

    @Test
    void retryingAClaimReturnsTheSamePorts() throws Exception {
        World.freePorts(node, 0, 26);
        ClaimRequest claim = new ClaimRequest(UUID.randomUUID(), 1, 16);
        List<Callable<Http.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Http http = World.replica(i % 3).http();
            calls.add(() -> http.post(path("claims"), claim));
        }
        Set<ClaimAnswer> answers = new HashSet<>();
        for (Http.Answer answer : atOnce(calls)) {
            answers.add(answer.as(ClaimAnswer.class));
        }
        assertThat(answers).hasSize(1);
        assertThat(answers.iterator().next().ports()).hasSize(16);
        assertThat(World.ports(node, PortState.LEASED))
                .isEqualTo(answers.iterator().next().ports());
    }

    @Test
    void releasedPortsAreFreeAgainAndReleasingTwiceIsTheSame() {
        World.freePorts(node, 0, 28);
        List<PortId> leased = World.claim(node, 4).stream().map(PortView::id).toList();
        ReleaseRequest release = new ReleaseRequest(1, leased.subList(0, 3));
        for (int i = 0; i < 2; i++) {
            assertThat(World.http()
                            .post(path("releases"), release)
                            .as(ReleaseAnswer.class)
                            .released())
                    .isEqualTo(leased.subList(0, 3));
        }
        assertThat(World.ports(node, PortState.LEASED)).extracting(PortView::id).containsExactly(leased.get(3));
        assertThat(World.ports(node, PortState.FREE)).hasSize(12).allSatisfy(port -> {
            assertThat(port.claim()).isNull();
            assertThat(port.leaseEpoch()).isNull();
        });
    }

    private Http.Answer claim(NodeId of, long epoch, int count) {
        return World.http().post("/v1/nodes/" + of + "/claims", new ClaimRequest(UUID.randomUUID(), epoch, count));
    }

    @Test
    void aClaimOfAnUnknownNodeOrAnotherEpochIsRefused() {
        World.freePorts(node, 0, 28);
        World.sql("update node set epoch = 5 where id = '%s'".formatted(node));
        World.changingNothing(cluster, () -> claim(NodeId.random(), 1, 1).assertProblem(404, "unknown-node", "node"));
        for (long epoch : new long[] {4, 6}) {
            JsonNode problem = World.changingNothing(
                    cluster, () -> claim(node, epoch, 1).assertProblem(409, "stale-epoch", "epoch"));
            assertThat(problem.path("epoch").asLong()).isEqualTo(5);
        }
        ReleaseRequest release = new ReleaseRequest(4, List.of());
        World.changingNothing(
                cluster, () -> World.http().post(path("releases"), release).assertProblem(409, "stale-epoch", "epoch"));
    }

    @Test
    void aRetriedClaimOfAnEarlierEpochIsRefusedAndOfThisOneFound() {
        World.freePorts(node, 0, 28);
        ClaimRequest claim = new ClaimRequest(UUID.randomUUID(), 1, 2);
        ClaimAnswer first = World.http().post(path("claims"), claim).as(ClaimAnswer.class);
        World.sql("update node set epoch = 2 where id = '%s'".formatted(node));
        World.http().post(path("claims"), claim).assertProblem(409, "stale-epoch", "epoch");
        assertThat(World.http()
                        .post(path("claims"), new ClaimRequest(claim.claim(), 2, 2))
                        .as(ClaimAnswer.class))
                .isEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(strings = {"joining", "draining", "failed"})
    void aNodeThatIsNotReadyIsToldToWait(String state) {
        World.freePorts(node, 0, 28);
        World.sql("update node set state = '%s' where id = '%s'".formatted(state, node));
        Http.Answer answer = World.changingNothing(cluster, () -> claim(node, 1, 1));
        JsonNode problem = answer.assertProblem(503, "node-not-ready", "");
        assertThat(problem.path("state").asString()).isEqualTo(state);
        assertThat(answer.retryAfter()).isEqualTo("2");
    }

    @Test
    void aNodeWhosePortsAreStillBeingMadeIsToldToWait() {
        claim(node, 1, 1).assertProblem(503, "node-not-ready", "");
        World.http().put(path("subnets/0"), new SubnetRequest(28)).assertStatus(201);
        Http.Answer answer = World.changingNothing(cluster, () -> claim(node, 1, 1));
        assertThat(answer.assertProblem(503, "node-not-ready", "")
                        .path("detail")
                        .asString())
                .contains("13 are still being made");
        assertThat(answer.retryAfter()).isEqualTo("2");
    }

    @Test
    void rowsHeldByAClaimThatRollsBackAreWaitedForRatherThanRefused() throws Exception {
        World.freePorts(node, 0, 29);
        try (Connection other = World.ledger().owner().connect();
                Statement hold = other.createStatement()) {
            other.setAutoCommit(false);
            hold.execute("select 1 from port where node_id = '%s' for update".formatted(node));
            CompletableFuture<Http.Answer> waiting = CompletableFuture.supplyAsync(() -> claim(node, 1, 3));
            await().until(() -> !World.rows(
                            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'with leased%'")
                    .isEmpty());
            other.rollback();
            assertThat(waiting.join().as(ClaimAnswer.class).ports()).hasSize(3);
        }
    }

    @Test
    void lesson07AddressesThatRestedLongestGoOutFirst() {
        List<PortId> ports = World.freePorts(node, 0, 29);
        World.sql("update port set released_at = now() - interval '1 hour' where id = '%s'".formatted(ports.get(0)));
        World.sql("update port set released_at = now() - interval '2 hours' where id = '%s'".formatted(ports.get(1)));
        assertThat(World.claim(node, 3)).extracting(PortView::id).containsExactlyElementsOf(ports.subList(2, 5));
        assertThat(World.claim(node, 1)).extracting(PortView::id).containsExactly(ports.get(1));
    }

    static List<Http.Answer> atOnce(List<Callable<Http.Answer>> calls) throws InterruptedException, ExecutionException {
        List<Http.Answer> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Http.Answer> answer : threads.invokeAll(calls)) {
                answers.add(answer.get());
            }
        }
        return answers;
    }
}
