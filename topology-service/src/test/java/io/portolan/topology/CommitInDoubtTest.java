package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ipam.Http;
import io.portolan.model.api.NodeView;
import io.portolan.testbed.postgres.PostgresRelay;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The connection breaks after the server committed and before the service hears of it: asking again is asking once. */
class CommitInDoubtTest {
    /** The loops commit too; one of them may be hit instead of the request. */
    private static final int TRIES = 30;

    private final TopologyWorld world = new TopologyWorld();
    private final Database direct = world.ledger().as("topology");
    private final PostgresRelay relay = PostgresRelay.to(direct);

    @AfterEach
    void close() {
        world.close();
        relay.close();
    }

    private void start() {
        world.start("spring.datasource.url=" + relay.relayed(direct).url());
    }

    /** Whether the request was done and its caller told 503. */
    private boolean unconfirmed(Supplier<Http.Answer> request, String rows) {
        relay.loseCommits(1);
        Http.Answer answer = request.get();
        relay.loseCommits(0);
        if (answer.status() != 503) {
            return false;
        }
        answer.assertProblem(503, "ledger-unavailable", "");
        assertThat(answer.retryAfter()).isNotEmpty();
        return !world.rows(rows).isEmpty();
    }

    @Test
    void aRegistrationThatWasNotConfirmedIsTheSameNodeAndTheSameEpochWhenRepeated() {
        start();
        String cluster = TopologyWorld.name();
        world.ready(cluster, "10.4.0.0/16");
        for (int i = 0; i < TRIES; i++) {
            String name = "n" + i;
            String path = "/v1/clusters/" + cluster + "/nodes/" + name;
            Map<String, Object> said = TopologyWorld.registration(name + "-chassis");
            if (unconfirmed(
                    () -> world.http().put(path, said),
                    "select id::text from node where name = '" + name + "' and epoch = 1")) {
                String id = world.rows("select id::text from node where name = '" + name + "'")
                        .getFirst();
                NodeView again = world.http().put(path, said).assertStatus(200).as(NodeView.class);
                assertThat(again.id()).hasToString(id);
                assertThat(again.epoch()).isEqualTo(1);
                Map<String, Object> another = TopologyWorld.registration(name + "-chassis");
                while (!unconfirmed(
                        () -> world.http().put(path, another),
                        "select id::text from node where name = '" + name + "' and epoch = 2")) {
                    assertThat(world.rows("select epoch::text from node where name = '" + name + "'"))
                            .isSubsetOf(List.of("1", "2"));
                }
                assertThat(world.http().put(path, another).as(NodeView.class).epoch())
                        .isEqualTo(2);
                return;
            }
        }
        throw new AssertionError("no registration met a lost commit in " + TRIES + " tries");
    }

    @Test
    void aClusterThatWasNotConfirmedIsTheSameWhenRepeated() {
        start();
        for (int i = 0; i < TRIES; i++) {
            String name = TopologyWorld.name();
            if (unconfirmed(
                    () -> world.http().put("/v1/clusters/" + name, TopologyWorld.spec("10.4.0.0/16")),
                    "select id::text from cluster where name = '" + name + "'")) {
                String id = world.rows("select id::text from cluster where name = '" + name + "'")
                        .getFirst();
                assertThat(world.declare(name, "10.4.0.0/16").id()).hasToString(id);
                world.clusterIs(name, "ready");
                return;
            }
        }
        throw new AssertionError("no declaration met a lost commit in " + TRIES + " tries");
    }
}
