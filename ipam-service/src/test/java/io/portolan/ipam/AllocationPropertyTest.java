package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ipam.upkeep.Chores;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.DrainRequest;
import io.portolan.model.api.PortReport;
import io.portolan.model.api.PortReport.Kind;
import io.portolan.model.api.PortView;
import io.portolan.model.api.PortsChanged;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.RemovalRequest;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random lives of several agents over three replicas, against a model of what the ledger must say. After every step the
 * whole table is compared. {@code -Dipam.seed=N} replays one; every failure names its seed and step.
 */
class AllocationPropertyTest {
    private static final int STEPS = 120;

    /** What the ledger must say of a port. */
    private record Expected(NodeId node, PortState state, boolean held, String sandbox) {
        @Override
        public String toString() {
            return node + " " + state.text() + (held ? " held" : "") + (sandbox == null ? "" : " " + sandbox);
        }
    }

    /** What an agent believes of a port in its cache. */
    private enum Local {
        IDLE,
        USED,
        COOLING
    }

    private static final class Agent {
        private final NodeId node;
        private final Map<PortId, Local> cache = new TreeMap<>();
        private final Map<PortId, String> sandboxes = new TreeMap<>();
        private final List<PortReport> queue = new ArrayList<>();
        private List<PortReport> sent = List.of();
        private ClaimRequest lastClaim;
        private List<PortId> lastClaimed = List.of();
        private long epoch = 1;
        private boolean draining;

        private Agent(NodeId node) {
            this.node = node;
        }

        private List<PortId> in(Local local) {
            return cache.entrySet().stream()
                    .filter(entry -> entry.getValue() == local)
                    .map(Map.Entry::getKey)
                    .toList();
        }

        private boolean unreported(PortId port) {
            return queue.stream().anyMatch(report -> report.port().equals(port));
        }

        private String path(String what) {
            return "/v1/nodes/" + node + "/" + what;
        }
    }

    private final World.TestingCluster cluster = World.clusterWithPool("10.16.0.0/20", 0);
    private final Map<PortId, Expected> ledger = new TreeMap<>();
    private final List<Agent> agents = new ArrayList<>();
    private Random random;
    private int sandboxes;

    static LongStream seeds() {
        Long one = Long.getLong("ipam.seed");
        return one != null
                ? LongStream.of(one)
                : LongStream.concat(LongStream.of(1, 2), LongStream.of(System.nanoTime()));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void noSequenceOfStepsGivesAPortToTwo(long seed) throws Exception {
        random = new Random(seed);
        for (int i = 0; i < 3; i++) {
            Agent agent = new Agent(World.node(cluster));
            agents.add(agent);
            for (PortId port : World.freePorts(agent.node, 0, 28)) {
                ledger.put(port, new Expected(agent.node, PortState.FREE, false, null));
            }
        }
        for (int step = 0; step < STEPS; step++) {
            String done = "";
            try {
                done = step(step);
                assertThat(actual()).isEqualTo(expected());
                if (step % 10 == 9) {
                    assertThatHistoryIsConsistent();
                }
            } catch (Exception | AssertionError e) {
                throw new AssertionError("-Dipam.seed=" + seed + ", step " + step + " " + done, e);
            }
        }
        assertThatHistoryIsConsistent();
    }

    private String step(int step) throws Exception {
        Agent agent = agents.get(random.nextInt(agents.size()));
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> claim(agent, new ClaimRequest(id(), agent.epoch, 1 + random.nextInt(6)));
            case 3 -> retryClaim(agent);
            case 4 -> claimAllAtOnce();
            case 5, 6 -> use(agent);
            case 7 -> stop(agent);
            case 8 -> rest(agent);
            case 9, 10 -> report(agent);
            case 11 -> reportAgain(agent);
            case 12 -> release(agent);
            default -> {
                switch (random.nextInt(3)) {
                    case 0 -> newEpoch(agent);
                    case 1 -> coolDown();
                    default -> {
                        if (step > STEPS / 2 && agent == agents.getFirst()) {
                            drain(agent);
                        }
                    }
                }
            }
        }
        return agent.node.toString();
    }

    private Http http() {
        return replica().http();
    }

    private Replica replica() {
        return World.replica(random.nextInt(3));
    }

    private UUID id() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private long count(Agent agent, PortState state) {
        return ledger.values().stream()
                .filter(port -> port.node().equals(agent.node) && port.state() == state)
                .count();
    }

    private void claim(Agent agent, ClaimRequest request) {
        settle(agent, request, http().post(agent.path("claims"), request), count(agent, PortState.FREE));
    }

    private void settle(Agent agent, ClaimRequest request, Http.Answer answer, long free) {
        if (agent.draining) {
            answer.assertProblem(503, "node-not-ready", "");
        } else if (free == 0) {
            answer.assertProblem(507, "no-free-port", "");
        } else {
            List<PortId> got = answer.as(ClaimAnswer.class).ports().stream()
                    .map(PortView::id)
                    .toList();
            assertThat(got).hasSize((int) Math.min(free, request.count())).doesNotHaveDuplicates();
            for (PortId port : got) {
                assertThat(ledger.get(port)).isEqualTo(new Expected(agent.node, PortState.FREE, false, null));
                ledger.put(port, new Expected(agent.node, PortState.LEASED, true, null));
                assertThat(agent.cache.put(port, Local.IDLE)).isNull();
            }
            agent.lastClaim = request;
            agent.lastClaimed = got;
        }
    }

    private void retryClaim(Agent agent) {
        List<PortId> still =
                agent.lastClaimed.stream().filter(agent.cache::containsKey).toList();
        if (agent.lastClaim == null || still.isEmpty()) {
            return;
        }
        ClaimRequest again = new ClaimRequest(agent.lastClaim.claim(), agent.epoch, agent.lastClaim.count());
        assertThat(http().post(agent.path("claims"), again)
                        .as(ClaimAnswer.class)
                        .ports())
                .extracting(PortView::id)
                .containsExactlyInAnyOrderElementsOf(still);
    }

    private void claimAllAtOnce() throws Exception {
        List<Callable<Http.Answer>> calls = new ArrayList<>();
        List<ClaimRequest> requests = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            Agent agent = agents.get(i % 3);
            Http http = http();
            ClaimRequest request = new ClaimRequest(id(), agent.epoch, 1);
            requests.add(request);
            calls.add(() -> http.post(agent.path("claims"), request));
        }
        List<Http.Answer> answers = ClaimApiTest.atOnce(calls);
        for (int i = 0; i < 9; i++) {
            Agent agent = agents.get(i % 3);
            if (answers.get(i).status() == 200) {
                settle(agent, requests.get(i), answers.get(i), count(agent, PortState.FREE));
            }
        }
        for (Agent agent : agents) {
            boolean refused = false;
            for (int i = agents.indexOf(agent); i < 9; i += 3) {
                refused |= answers.get(i).status() != 200;
            }
            if (refused) {
                assertThat(agent.draining || count(agent, PortState.FREE) == 0).isTrue();
            }
        }
    }

    private void use(Agent agent) {
        List<PortId> idle = agent.in(Local.IDLE);
        if (!idle.isEmpty()) {
            PortId port = pick(idle);
            String sandbox = "sandbox-" + sandboxes++;
            agent.cache.put(port, Local.USED);
            agent.sandboxes.put(port, sandbox);
            queue(agent, Kind.BOUND, port, sandbox);
        }
    }

    private void stop(Agent agent) {
        List<PortId> used = agent.in(Local.USED);
        if (!used.isEmpty()) {
            PortId port = pick(used);
            agent.cache.put(port, Local.COOLING);
            queue(agent, Kind.RELEASED, port, agent.sandboxes.get(port));
        }
    }

    private void rest(Agent agent) {
        List<PortId> cooling = agent.in(Local.COOLING);
        if (!cooling.isEmpty()) {
            PortId port = pick(cooling);
            agent.cache.put(port, Local.IDLE);
            queue(agent, Kind.RESTED, port, agent.sandboxes.remove(port));
        }
    }

    private void queue(Agent agent, Kind kind, PortId port, String sandbox) {
        agent.queue.add(new PortReport(id(), port, kind, sandbox, "eth0", null, Instant.now()));
    }

    private void report(Agent agent) {
        int size = Math.min(agent.queue.size(), 1 + random.nextInt(5));
        agent.sent = List.copyOf(agent.queue.subList(0, size));
        agent.queue.subList(0, size).clear();
        for (PortReport report : agent.sent) {
            PortState state = switch (report.kind()) {
                case BOUND -> PortState.BOUND;
                case RELEASED -> PortState.COOLING;
                case RESTED -> PortState.LEASED;
            };
            ledger.put(
                    report.port(),
                    new Expected(agent.node, state, true, state == PortState.BOUND ? report.sandbox() : null));
        }
        reportAgain(agent);
    }

    private void reportAgain(Agent agent) {
        assertThat(http().post(agent.path("reports"), new ReportRequest(agent.epoch, agent.sent))
                        .as(ReportAnswer.class)
                        .outcomes())
                .hasSize(agent.sent.size())
                .allMatch(ReportAnswer.Outcome::applied);
    }

    private void release(Agent agent) {
        List<PortId> asked = new ArrayList<>();
        List<PortId> kept = new ArrayList<>();
        for (PortId port : agent.cache.keySet()) {
            if (random.nextInt(3) == 0 && !agent.unreported(port)) {
                asked.add(port);
                if (agent.cache.get(port) == Local.USED) {
                    kept.add(port);
                }
            }
        }
        List<PortId> gone = asked.stream().filter(port -> !kept.contains(port)).toList();
        for (int i = 0; i < 1 + random.nextInt(2); i++) {
            assertThat(http().post(agent.path("releases"), new ReleaseRequest(agent.epoch, asked))
                            .as(ReleaseAnswer.class)
                            .released())
                    .isEqualTo(gone);
        }
        for (PortId port : gone) {
            PortState state = agent.draining
                    ? PortState.DRAINING
                    : agent.cache.get(port) == Local.COOLING ? PortState.COOLING : PortState.FREE;
            ledger.put(port, new Expected(agent.node, state, false, null));
            agent.cache.remove(port);
            agent.sandboxes.remove(port);
        }
    }

    private void newEpoch(Agent agent) {
        World.sql("update node set epoch = epoch + 1 where id = '%s'".formatted(agent.node));
        long stale = agent.epoch++;
        assertThat(http().post(agent.path("claims"), new ClaimRequest(id(), stale, 1))
                        .assertProblem(409, "stale-epoch", "epoch")
                        .path("epoch")
                        .asLong())
                .isEqualTo(agent.epoch);
        http().post(agent.path("reports"), new ReportRequest(stale, agent.sent))
                .assertProblem(409, "stale-epoch", "epoch");
        http().post(agent.path("releases"), new ReleaseRequest(stale, List.copyOf(agent.cache.keySet())))
                .assertProblem(409, "stale-epoch", "epoch");
    }

    private void coolDown() {
        Chores.coolDown(replica());
        ledger.replaceAll((id, port) -> port.state() == PortState.COOLING && !port.held()
                ? new Expected(port.node(), draining(port) ? PortState.DRAINING : PortState.FREE, false, null)
                : port);
    }

    private boolean draining(Expected port) {
        return agents.stream().anyMatch(agent -> agent.node.equals(port.node()) && agent.draining);
    }

    private void drain(Agent agent) {
        World.sql("update node set state = 'draining' where id = '%s'".formatted(agent.node));
        agent.draining = true;
        http().post(agent.path("drains"), new DrainRequest(false)).assertStatus(200);
        ledger.replaceAll((id, port) -> port.node().equals(agent.node) && !port.held()
                ? new Expected(agent.node, PortState.DRAINING, false, null)
                : port);
        List<PortId> gone = new ArrayList<>();
        ledger.forEach((id, port) -> {
            if (port.state() == PortState.DRAINING && random.nextBoolean()) {
                gone.add(id);
            }
        });
        assertThat(http().post(agent.path("removals"), new RemovalRequest(gone))
                        .as(PortsChanged.class)
                        .ports())
                .isEqualTo(gone);
        gone.forEach(ledger::remove);
    }

    private Set<String> expected() {
        Set<String> all = new HashSet<>();
        ledger.forEach((id, port) -> all.add(id + " " + port));
        return all;
    }

    private Set<String> actual() {
        return new HashSet<>(World.rows("""
                select concat_ws(' ', id, node_id, state, case when lease_epoch is not null then 'held' end, sandbox)
                from port where cluster_id = '%s'""".formatted(cluster.id())));
    }

    /** Every event begins where the one before ended, time does not run backwards, and the last one is the port's row. */
    private void assertThatHistoryIsConsistent() {
        assertThat(World.rows("""
                with e as (
                  select *, lag(to_state) over w as before, lag(at) over w as earlier, row_number() over (partition by port_id order by revision desc) as n
                  from port_event where cluster_id = '%s' window w as (partition by port_id order by revision))
                select concat_ws(' ', e.port_id, e.from_state, e.to_state, 'after', e.before, 'row', p.state, e.at, e.earlier)
                from e left join port p on p.id = e.port_id
                where e.from_state is distinct from e.before or e.at < e.earlier
                  or (e.n = 1 and coalesce(p.state, 'removed') <> e.to_state)
                  or (e.n = 1 and p.state = 'bound' and p.sandbox <> e.sandbox)""".formatted(cluster.id()))).isEmpty();
        assertThat(World.rows("select count(*) from port_event_rest")).containsExactly("0");
    }
}
