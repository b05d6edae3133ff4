package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ClaimApiTest {
    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/16", 30);
    private final NodeId node = World.node(cluster);

    private String path(String what) {
        return "/v1/nodes/" + node + "/" + what;
    }

    @Test
    void fourHundredConcurrentClaimsThroughThreeReplicasGetFourHundredPorts() throws Exception {
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
