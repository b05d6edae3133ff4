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

    /** Does it, and loses the answer to its commit and no other: the loops commit too. */
    private void unconfirmed(String name, Supplier<Http.Answer> request) {
        int lost = relay.lostCommits();
        relay.loseCommitOf(name);
        Http.Answer answer = request.get();
        answer.assertProblem(503, "ledger-unavailable", "");
        assertThat(answer.retryAfter()).isNotEmpty();
        assertThat(relay.lostCommits()).isEqualTo(lost + 1);
    }

    private String only(String rows) {
        List<String> found = world.rows(rows);
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    @Test
    void aRegistrationThatWasNotConfirmedIsTheSameNodeAndTheSameEpochWhenRepeated() {
        start();
        String cluster = TopologyWorld.name();
        world.ready(cluster, "10.4.0.0/16");
        String name = TopologyWorld.name();
        String path = "/v1/clusters/" + cluster + "/nodes/" + name;
        String row = "select concat(id, ' ', epoch) from node where name = '" + name + "'";
        Map<String, Object> said = TopologyWorld.registration(name + "-chassis");
        unconfirmed(name, () -> world.http().put(path, said));
        String first = only(row);
        NodeView again = world.http().put(path, said).assertStatus(200).as(NodeView.class);
        assertThat("%s %d".formatted(again.id(), again.epoch()))
                .isEqualTo(first)
                .endsWith(" 1");

        Map<String, Object> restarted = TopologyWorld.registration(name + "-chassis");
        unconfirmed(name, () -> world.http().put(path, restarted));
        String second = only(row);
        NodeView last = world.http().put(path, restarted).assertStatus(200).as(NodeView.class);
        assertThat("%s %d".formatted(last.id(), last.epoch()))
                .isEqualTo(second)
                .isEqualTo("%s 2".formatted(again.id()));
    }

    @Test
    void aClusterThatWasNotConfirmedIsTheSameWhenRepeated() {
        start();
        String name = TopologyWorld.name();
        unconfirmed(name, () -> world.http().put("/v1/clusters/" + name, TopologyWorld.spec("10.4.0.0/16")));
        String id = only("select id::text from cluster where name = '" + name + "'");
        assertThat(world.declare(name, "10.4.0.0/16").id()).hasToString(id);
        world.clusterIs(name, "ready");
    }
}
