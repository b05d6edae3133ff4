package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortReport.Kind;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReportRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class HistoryApiTest {
    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
    private final NodeId node = World.node(cluster);
    private final Instant start = Instant.now().minus(Duration.ofHours(3)).truncatedTo(ChronoUnit.SECONDS);
    private PortView port;

    @BeforeEach
    void twoPodsHadTheAddressOneAfterTheOther() {
        World.freePorts(node, 0, 29);
        port = World.claim(node, 1).getFirst();
        World.sql("update port set changed_at = now() - interval '6 hours' where node_id = '%s'".formatted(node));
        World.http()
                .post(
                        "/v1/nodes/" + node + "/reports",
                        new ReportRequest(
                                1,
                                List.of(
                                        report(Kind.BOUND, "sandbox-1", "web-0", 0),
                                        report(Kind.RELEASED, "sandbox-1", "web-0", 600),
                                        report(Kind.BOUND, "sandbox-2", "db-0", 1200),
                                        report(Kind.RELEASED, "sandbox-2", "db-0", 1800))))
                .assertStatus(200);
    }

    private PortReport report(Kind kind, String sandbox, String pod, long seconds) {
        return new PortReport(
                UUID.randomUUID(),
                port.id(),
                kind,
                sandbox,
                "eth0",
                new PodRef("default", pod, null),
                start.plusSeconds(seconds));
    }

    private String address() {
        return cluster.path() + "/addresses/" + port.addresses().getFirst().address();
    }

    private JsonNode history(String query) {
        return World.http()
                .get(address() + "/history" + query)
                .assertStatus(200)
                .json()
                .path("events");
    }

    private String whoAt(long seconds) {
        JsonNode events = history("?at=" + start.plusSeconds(seconds));
        return events.isEmpty()
                ? "nobody"
                : "%s %s %s since %d"
                        .formatted(
                                events.get(0).path("state").asString(),
                                events.get(0).path("sandbox").asString("-"),
                                events.get(0).path("pod").path("name").asString("-"),
                                Duration.between(
                                                start,
                                                Instant.parse(
                                                        events.get(0).path("at").asString()))
                                        .toSeconds());
    }

    @Test
    void whoHadAnAddressAtAnInstantIsOneQuestion() {
        assertThat(whoAt(0)).isEqualTo("bound sandbox-1 web-0 since 0");
        assertThat(whoAt(599)).isEqualTo("bound sandbox-1 web-0 since 0");
        assertThat(whoAt(600)).isEqualTo("cooling sandbox-1 web-0 since 600");
        assertThat(whoAt(1500)).isEqualTo("bound sandbox-2 db-0 since 1200");
        assertThat(whoAt(3600)).isEqualTo("cooling sandbox-2 db-0 since 1800");
        assertThat(whoAt(-86_400)).isEqualTo("nobody");
    }

    @Test
    void historyOutlivesThePortItsNodeAndItsCluster() {
        World.sql(
                "delete from port where cluster_id = '%s'".formatted(cluster.id()),
                "delete from subnet where cluster_id = '%s'".formatted(cluster.id()),
                "delete from node where cluster_id = '%s'".formatted(cluster.id()));
        assertThat(whoAt(1500)).isEqualTo("bound sandbox-2 db-0 since 1200");
        World.http().get(address()).assertProblem(404, "unknown-address", "ip");
        assertThat(history("").get(0).path("state").asString()).isEqualTo("removed");
        World.sql(
                "delete from pool where cluster_id = '%s'".formatted(cluster.id()),
                "delete from cluster where id = '%s'".formatted(cluster.id()));
        World.http().get(address() + "/history").assertProblem(404, "unknown-cluster", "cluster");
        JsonNode events = World.http()
                .get("/v1/clusters/" + cluster.id() + "/addresses/"
                        + port.addresses().getFirst().address() + "/history?at=" + start.plusSeconds(1500))
                .assertStatus(200)
                .json()
                .path("events");
        assertThat(events.get(0).path("sandbox").asString()).isEqualTo("sandbox-2");
    }

    @Test
    void historyPagesBackInTimeAndKeepsToItsBounds() {
        List<String> states = new ArrayList<>();
        String cursor = "";
        while (cursor != null) {
            JsonNode page = World.http()
                    .get(address() + "/history?limit=3" + (cursor.isEmpty() ? "" : "&cursor=" + cursor))
                    .assertStatus(200)
                    .json();
            page.path("events").forEach(event -> states.add(event.path("state").asString()));
            cursor = page.path("next").asString(null);
        }
        assertThat(states)
                .hasSize(8)
                .contains("planned", "provisioning", "free", "leased")
                .containsOnlyOnce("planned");
        assertThat(history("?from=" + start.plusSeconds(600) + "&to=" + start.plusSeconds(1200)))
                .extracting(event -> event.path("state").asString())
                .containsExactly("bound", "cooling");
    }

    @Test
    void theAddressTellsWhoHasItNow() {
        PortId now = World.http().get(address()).as(Now.class).port().id();
        assertThat(now).isEqualTo(port.id());
        World.http().get(cluster.path() + "/addresses/10.99.0.1").assertProblem(404, "unknown-address", "ip");
    }

    private record Now(PortView port) {}
}
