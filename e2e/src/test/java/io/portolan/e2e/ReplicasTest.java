package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.agent.control.CallingNode;
import io.portolan.e2e.stack.ReplicatedServices;
import io.portolan.e2e.stack.ReplicatedServices.Replica;
import io.portolan.e2e.stack.Training;
import io.portolan.model.PortId;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.postgres.PostgresPair;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Three replicas of ipam-service and two of topology-service as real processes, on a real primary with a synchronous
 * standby and a real OVN, under load: by nodes that remember every answer, and by agents' own loops and caches.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplicasTest {
    private static final String CLUSTER = "many";
    private static final Duration LIMIT = Duration.ofMinutes(3);

    /** An operator looks for a dead primary several times before it acts. */
    private static final Duration UNTIL_PROMOTION = Duration.ofSeconds(3);

    private final Workspace workspace = Workspace.create();
    private PostgresPair pair;
    private ReplicatedServices services;
    private final List<CallingNode> callers = new ArrayList<>();
    private final List<LightAgent> agents = new ArrayList<>();
    private int tests;

    @BeforeAll
    void start() {
        Training.complete(workspace, SharedStack.CHECKOUT);
        OvnCentral central = OvnCentral.in(workspace).start();
        pair = PostgresPair.start(workspace);
        services = ReplicatedServices.start(workspace, SharedStack.CHECKOUT, pair, 3, 2);
        services.topology()
                .getFirst()
                .calls()
                .put(
                        "/v1/clusters/" + CLUSTER,
                        Map.of(
                                "mode",
                                "overlay",
                                "podCidrs",
                                List.of("10.4.0.0/16"),
                                "mtu",
                                1400,
                                "cooldownSeconds",
                                1,
                                "backend",
                                Map.of("endpoints", central.northbound().unixRemote())))
                .ok();
    }

    @AfterAll
    void end() {
        workspace.close();
    }

    @BeforeEach
    void load() throws InterruptedException {
        tests++;
        for (int i = 0; i < 3; i++) {
            callers.add(new CallingNode(
                    CLUSTER, "caller-%d-%d".formatted(tests, i), services.topologyUrls(), services.ipamUrls()));
        }
        for (int i = 0; i < 2; i++) {
            agents.add(new LightAgent(
                    workspace,
                    CLUSTER,
                    "agent-%d-%d".formatted(tests, i),
                    services.topologyUrls(),
                    services.ipamUrls()));
        }
        long begin = System.nanoTime();
        await().atMost(LIMIT).until(() -> everybodyAnsweredAfter(begin));
    }

    @AfterEach
    void rest() {
        for (CallingNode caller : callers) {
            caller.close();
        }
        for (LightAgent agent : agents) {
            agent.close();
        }
        callers.clear();
        agents.clear();
    }

    private boolean everybodyAnsweredAfter(long instant) {
        return callers.stream().allMatch(caller -> caller.answeredAt() - instant > 0);
    }

    @Test
    void everyReplicaIsRestartedUnderLoadAndNoCallIsUnanswered() throws IOException, SQLException {
        Set<Long> before = pids();
        for (Replica replica : services.all()) {
            replica.daemon().stop();
            assertThat(Files.readString(replica.daemon().log()))
                    .as("requests under way were let end")
                    .contains("Graceful shutdown complete");
            replica.daemon().start();
            long back = System.nanoTime();
            await().atMost(LIMIT).until(() -> everybodyAnsweredAfter(back));
        }
        assertThat(pids()).doesNotContainAnyElementsOf(before);
        quiesce();
        callers.forEach(caller -> assertThat(caller.unanswered()).isEmpty());
        assertWhatWasAcknowledgedIsSo();
        measured(
                "rolling restart of %d replicas under load: %d calls, none unanswered; longest wait for an answer %d ms"
                        .formatted(
                                services.all().size(),
                                callers.stream().mapToLong(CallingNode::calls).sum(),
                                longestWait()));
    }

    @Test
    void thePrimaryDiesInMidChurnAndNothingAcknowledgedIsLostOrGivenTwice() throws InterruptedException, SQLException {
        Set<Long> before = pids();
        Thread.sleep(UNTIL_PROMOTION);
        long killed = System.nanoTime();
        pair.primary().kill9();
        Thread.sleep(UNTIL_PROMOTION);
        pair.failOver();
        long promoted = System.nanoTime();
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(() -> everybodyAnsweredAfter(promoted));
        long answered = System.nanoTime();
        await().atMost(LIMIT).until(() -> services.all().stream().allMatch(Replica::ready));
        long ready = System.nanoTime();
        Thread.sleep(UNTIL_PROMOTION);
        pair.rejoin();
        long rejoined = System.nanoTime();
        await().atMost(LIMIT).until(() -> everybodyAnsweredAfter(rejoined));
        await().atMost(LIMIT)
                .until(() -> agents.stream()
                        .allMatch(agent -> agent.control().trouble().isEmpty()
                                && agent.control().reportTrouble().isEmpty()));
        assertThat(pids()).as("nobody was restarted").isEqualTo(before);
        quiesce();
        assertWhatWasAcknowledgedIsSo();
        measured(
                "failover: from the kill to the promotion %d ms, from there to an answer for every node %d ms, to all replicas ready %d ms; without service in all %d ms; %d calls, %d of them repeated, %d pods started, %d found no port"
                        .formatted(
                                millis(killed, promoted),
                                millis(promoted, answered),
                                millis(promoted, ready),
                                millis(killed, answered),
                                callers.stream().mapToLong(CallingNode::calls).sum(),
                                callers.stream()
                                        .mapToLong(caller -> caller.unanswered().size())
                                        .sum(),
                                agents.stream().mapToLong(LightAgent::started).sum(),
                                agents.stream().mapToLong(LightAgent::refused).sum()));
        assertThat(agents).allSatisfy(agent -> assertThat(agent.refused()).isZero());
    }

    private Set<Long> pids() {
        return services.all().stream()
                .map(replica -> replica.daemon().pid())
                .collect(Collectors.toCollection(HashSet::new));
    }

    /** No pod comes or goes, and what there was to tell has been told. */
    private void quiesce() {
        callers.forEach(CallingNode::stop);
        for (LightAgent agent : agents) {
            agent.stop();
        }
        await().atMost(LIMIT)
                .until(() -> agents.stream()
                        .allMatch(agent -> agent.cache().counts().reports() == 0
                                && agent.cache().counts().cooling() == 0
                                && agent.cache().counts().returning() == 0));
    }

    private void assertWhatWasAcknowledgedIsSo() throws SQLException {
        for (CallingNode caller : callers) {
            assertThat(caller.claims()).hasSizeGreaterThan(20);
            assertThat(caller.wrong()).isEmpty();
            Map<PortId, String> holds = caller.holds();
            assertThat(new TreeSet<>(rows(
                            "select id || ' ' || coalesce(sandbox, '') from port where lease_epoch is not null and node_id = '%s'"
                                    .formatted(caller.id()))))
                    .as("what the node has by the answers it got")
                    .isEqualTo(holds.entrySet().stream()
                            .map(port -> port.getKey() + " " + port.getValue())
                            .collect(Collectors.toCollection(TreeSet::new)));
            for (CallingNode.Claimed claim : caller.held()) {
                assertThat(rows("select id::text from port where claim = '%s'".formatted(claim.claim())))
                        .containsExactlyInAnyOrderElementsOf(
                                claim.ports().stream().map(PortId::toString).toList());
            }
            Set<String> history = new HashSet<>(rows(
                    "select distinct report || ' ' || port_id from port_event where report is not null and node_id = '%s'"
                            .formatted(caller.id())));
            assertThat(caller.reports().stream().map(report -> report.id() + " " + report.port()))
                    .as("every report that was answered is in the history")
                    .isSubsetOf(history);
            Set<UUID> claims =
                    caller.claims().stream().map(CallingNode.Claimed::claim).collect(Collectors.toSet());
            assertThat(claims).hasSameSizeAs(caller.claims());
        }
        for (LightAgent agent : agents) {
            assertThat(agent.started()).isPositive();
            assertThat(agent.declined()).isZero();
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(new TreeSet<>(agent.cache().ports().stream()
                                    .map(port -> port.id().toString())
                                    .toList()))
                            .isEqualTo(new TreeSet<>(heldBy(agent, "true"))));
            assertThat(new TreeSet<>(agent.cache().attachments().stream()
                            .map(pod -> pod.port().toString())
                            .toList()))
                    .isEqualTo(new TreeSet<>(heldBy(agent, "p.state = 'bound'")));
        }
        assertThat(rows("select host(ip) from port group by cluster_id, ip having count(*) > 1"))
                .isEmpty();
        assertThat(rows("""
                                select port_id || ' at ' || revision from (
                                  select port_id, revision, from_state, lag(to_state) over (partition by port_id order by revision) as before
                                  from port_event) e
                                where before is not null and from_state is distinct from before""")).as("gaps in the history").isEmpty();
        assertThat(rows("""
                        select port_id::text from port_event e where to_state = 'bound' and from_state = 'bound'
                        and sandbox is distinct from (select p.sandbox from port_event p where p.port_id = e.port_id and p.revision < e.revision order by p.revision desc limit 1)"""))
                .as("ports that went from one sandbox to another without a release")
                .isEmpty();
    }

    private List<String> heldBy(LightAgent agent, String condition) throws SQLException {
        return rows(
                "select p.id::text from port p join node n on n.id = p.node_id where p.lease_epoch is not null and n.name = '%s' and %s"
                        .formatted(agent.name(), condition));
    }

    private List<String> rows(String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = services.ledger().owner().connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }

    private long longestWait() {
        return callers.stream()
                .mapToLong(caller -> caller.longestWait().toMillis())
                .max()
                .orElseThrow();
    }

    private static long millis(long from, long to) {
        return Duration.ofNanos(to - from).toMillis();
    }

    private static void measured(String words) {
        System.out.println("MEASURED " + words);
    }
}
