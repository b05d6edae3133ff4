package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortReport.Kind;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReportApiTest {
    private static final PodRef WEB = new PodRef("default", "web-0", "uid-0");

    private final World.TestingCluster cluster = World.clusterWithPool("10.8.0.0/20", 30);
    private final NodeId node = World.node(cluster);
    private List<PortId> leased;

    @BeforeEach
    void fourPortsAreLeased() {
        World.freePorts(node, 0, 28);
        leased = World.claim(node, 4).stream().map(PortView::id).toList();
    }

    private static PortReport report(Kind kind, PortId port, String sandbox, Instant at) {
        return new PortReport(UUID.randomUUID(), port, kind, sandbox, "eth0", kind == Kind.BOUND ? WEB : null, at);
    }

    private static PortReport report(Kind kind, PortId port, String sandbox) {
        return report(kind, port, sandbox, Instant.now());
    }

    private ReportAnswer send(PortReport... reports) {
        return post(World.http(), List.of(reports)).as(ReportAnswer.class);
    }

    private Http.Answer post(Http http, List<PortReport> reports) {
        return http.post("/v1/nodes/" + node + "/reports", new ReportRequest(1, reports));
    }

    private static PortView port(PortId id) {
        return World.http().get("/v1/ports/" + id).as(PortView.class);
    }

    private List<String> history(PortId port) {
        return World.rows("""
                select concat_ws(' ', from_state, to_state, sandbox, interface, pod_namespace, pod_name, pod_uid) from port_event
                where port_id = '%s' and to_state not in ('planned', 'provisioning') order by revision""".formatted(port));
    }

    @Test
    void aPodsLifeIsWrittenDownWithItsTrueTimesHoweverLateItIsReported() {
        PortId port = leased.getFirst();
        World.sql("update port set changed_at = now() - interval '6 hours' where id = '%s'".formatted(port));
        Instant start = Instant.now().minus(Duration.ofHours(5)).truncatedTo(ChronoUnit.MICROS);
        ReportAnswer answer = send(
                report(Kind.BOUND, port, "sandbox-1", start),
                report(Kind.RELEASED, port, "sandbox-1", start.plusSeconds(60)),
                report(Kind.RESTED, port, "sandbox-1", start.plusSeconds(90)),
                report(Kind.BOUND, port, "sandbox-2", start.plusSeconds(120)));
        assertThat(answer.outcomes()).hasSize(4).allMatch(ReportAnswer.Outcome::applied);
        assertThat(history(port))
                .containsExactly(
                        "provisioning free",
                        "free leased",
                        "leased bound sandbox-1 eth0 default web-0 uid-0",
                        "bound cooling sandbox-1 eth0 default web-0 uid-0",
                        "cooling leased",
                        "leased bound sandbox-2 eth0 default web-0 uid-0");
        assertThat(World.rows(
                        "select extract(epoch from at - '%s')::int from port_event where port_id = '%s' and to_state in ('bound', 'cooling') order by at, revision"
                                .formatted(start, port)))
                .containsExactly("0", "60", "120");
        PortView now = port(port);
        assertThat(now.state()).isEqualTo(PortState.BOUND);
        assertThat(now.sandbox()).isEqualTo("sandbox-2");
        assertThat(now.networkInterface()).isEqualTo("eth0");
        assertThat(now.pod()).isEqualTo(WEB);
        assertThat(now.changedAt()).isEqualTo(start.plusSeconds(120));
        assertThat(now.releasedAt()).isEqualTo(start.plusSeconds(60));
    }

    @Test
    void aClockThatRunsAheadOrBehindDoesNotTurnHistoryAround() {
        PortId port = leased.getFirst();
        send(
                report(Kind.BOUND, port, "sandbox-1", Instant.EPOCH),
                report(Kind.RELEASED, port, "sandbox-1", Instant.now().plus(Duration.ofDays(400))),
                report(Kind.BOUND, port, "sandbox-2", Instant.parse("+999999-01-01T00:00:00Z")));
        assertThat(World.rows(
                        "select at <= now() and at >= lag(at, 1, at) over (order by revision) from port_event where port_id = '%s'"
                                .formatted(port)))
                .hasSize(7)
                .containsOnly("t");
    }

    @Test
    void aBatchSentAgainChangesNothingEvenAllAtOnceThroughThreeReplicas() throws Exception {
        PortId port = leased.getFirst();
        List<PortReport> batch = List.of(
                report(Kind.BOUND, port, "sandbox-1"),
                report(Kind.RELEASED, port, "sandbox-1"),
                report(Kind.RESTED, port, "sandbox-1"),
                report(Kind.BOUND, leased.get(1), "sandbox-1"));
        List<Callable<Http.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            Http http = World.replica(i % 3).http();
            calls.add(() -> post(http, batch));
        }
        for (Http.Answer answer : ClaimApiTest.atOnce(calls)) {
            assertThat(answer.as(ReportAnswer.class).outcomes()).hasSize(4).allMatch(ReportAnswer.Outcome::applied);
        }
        assertThat(history(port)).hasSize(5);
        World.changingNothing(cluster, () -> post(World.http(), batch).assertStatus(200));
    }

    @Test
    void aSecondSandboxOnABoundPortIsDeclinedInWordsAndTheOthersGoOn() {
        PortId port = leased.getFirst();
        send(report(Kind.BOUND, port, "sandbox-1"));
        ReportAnswer answer = send(
                report(Kind.BOUND, port, "sandbox-2"),
                report(Kind.BOUND, leased.get(1), "sandbox-3"),
                report(Kind.BOUND, leased.get(2), "sandbox-1"),
                report(Kind.BOUND, PortId.random(), "sandbox-4"));
        assertThat(answer.outcomes())
                .extracting(ReportAnswer.Outcome::applied)
                .containsExactly(false, true, false, false);
        assertThat(answer.outcomes().get(0).refused()).contains("bound by eth0 of sandbox sandbox-1");
        assertThat(answer.outcomes().get(2).refused()).contains("bound to another port");
        assertThat(answer.outcomes().get(3).refused()).contains("no such port");
        assertThat(port(port).sandbox()).isEqualTo("sandbox-1");
        assertThat(port(leased.get(1)).sandbox()).isEqualTo("sandbox-3");
        assertThat(port(leased.get(2)).state()).isEqualTo(PortState.LEASED);
        assertThat(World.http().get("/actuator/prometheus").body())
                .containsPattern("portolan_ipam_reports_total\\{outcome=\"double-use\"} [1-9]");
    }

    @Test
    void lesson04AStaleReleaseFreesNobodyElsesPort() {
        PortId port = leased.getFirst();
        send(report(Kind.BOUND, port, "sandbox-2"));
        ReportAnswer answer = World.changingNothing(
                cluster, () -> send(report(Kind.RELEASED, port, "sandbox-1"), report(Kind.RESTED, port, "sandbox-1")));
        assertThat(answer.outcomes()).extracting(ReportAnswer.Outcome::applied).containsExactly(false, false);
        assertThat(answer.outcomes().getFirst().refused()).contains("stale release");
    }

    @Test
    void aReleaseWhoseBindingWasNeverReportedLeavesBothInTheHistory() {
        PortId port = leased.getFirst();
        assertThat(send(report(Kind.RELEASED, port, "sandbox-1")).outcomes()).allMatch(ReportAnswer.Outcome::applied);
        assertThat(history(port)).endsWith("leased bound sandbox-1 eth0", "bound cooling sandbox-1 eth0");
        assertThat(port(port).state()).isEqualTo(PortState.COOLING);
    }

    @Test
    void whatTheNodeGaveBackCannotBeBound() {
        PortId port = leased.getFirst();
        World.http()
                .post("/v1/nodes/" + node + "/releases", new ReleaseRequest(1, List.of(port)))
                .assertStatus(200);
        ReportAnswer answer = World.changingNothing(cluster, () -> send(report(Kind.BOUND, port, "sandbox-1")));
        assertThat(answer.outcomes().getFirst().refused()).contains("does not hold", "free");
    }

    @Test
    void aStaleEpochIsToldTheCurrentOne() {
        World.sql("update node set epoch = 7 where id = '%s'".formatted(node));
        var problem = World.changingNothing(
                cluster,
                () -> post(World.http(), List.of(report(Kind.BOUND, leased.getFirst(), "sandbox-1")))
                        .assertProblem(409, "stale-epoch", "epoch"));
        assertThat(problem.path("epoch").asLong()).isEqualTo(7);
    }
}
