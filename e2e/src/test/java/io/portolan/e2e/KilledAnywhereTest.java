package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.Observed;
import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Stack;
import io.portolan.e2e.stack.Stack.Worker;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.NodeHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * SIGKILL for a real process as soon as a side effect of another step can be seen, then what an init system does: it is
 * started again. Whatever was half done must converge, with no address twice and nothing left over, in ledger, network and
 * cache.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledAnywhereTest {
    private static final Duration LIMIT = SharedStack.LIMIT;

    private final SharedStack shared = SharedStack.get();
    private final Stack stack = shared.stack();
    private final Worker worker = shared.worker();
    private final Observed observed = new Observed(stack);
    private int pods;
    private int nodes;

    private String podName() {
        return "pod-" + ++pods;
    }

    /** Who dies while a node joins. */
    enum Victim {
        TOPOLOGY,
        IPAM,
        NORTHBOUND,
        AGENT
    }

    /** A side effect of a joining node, and whom its sight kills. */
    enum WhileJoining {
        NODE_ROW_WRITTEN("node", "n.name = '%s'", Victim.TOPOLOGY),
        SUBNET_CUT_KILL_TOPOLOGY("subnet s join node n on n.id = s.node_id", "n.name = '%s'", Victim.TOPOLOGY),
        SUBNET_CUT_KILL_IPAM("subnet s join node n on n.id = s.node_id", "n.name = '%s'", Victim.IPAM),
        PORTS_PROVISIONING(
                "port_event e join node n on n.id = e.node_id",
                "n.name = '%s' and e.to_state = 'provisioning'",
                Victim.TOPOLOGY),
        PORTS_PROVISIONING_KILL_NORTHBOUND(
                "port_event e join node n on n.id = e.node_id",
                "n.name = '%s' and e.to_state = 'provisioning'",
                Victim.NORTHBOUND),
        PORTS_FREE(
                "port_event e join node n on n.id = e.node_id",
                "n.name = '%s' and e.to_state = 'free'",
                Victim.TOPOLOGY),
        NODE_READY("node", "n.name = '%s' and n.state = 'ready'", Victim.IPAM),
        PORTS_LEASED(
                "port_event e join node n on n.id = e.node_id",
                "n.name = '%s' and e.to_state = 'leased'",
                Victim.AGENT);

        private final String table;
        private final String condition;
        private final Victim victim;

        WhileJoining(String table, String condition, Victim victim) {
            this.table = table.equals("node") ? "node n" : table;
            this.condition = condition;
            this.victim = victim;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aNodeJoins(WhileJoining point) {
        String name = "joins-" + ++nodes;
        CompletableFuture<Worker> joining = stack.addNode(name);
        await().atMost(LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> joining.isCompletedExceptionally()
                        || observed.ledgerHas(point.table, point.condition.formatted(name)));
        Daemon victim = switch (point.victim) {
            case TOPOLOGY -> stack.topology();
            case IPAM -> stack.ipam();
            case NORTHBOUND -> stack.central().northbound().daemon();
            case AGENT -> joining.join().agent();
        };
        victim.kill9();
        victim.start();
        Worker joined = joining.join();
        shared.awaitServing(joined);
        Pod here = stack.runtime().start(worker.host(), podName());
        Pod there = stack.runtime().start(joined.host(), podName());
        assertThat(here.sandbox().ping(there.address(), 5).answered()).isTrue();
        assertThat(stack.runtime().stop(here)).returns(0, CniAnswer::exitCode);
        assertThat(stack.runtime().stop(there)).returns(0, CniAnswer::exitCode);
        everythingAgrees();
        stack.removeNode(joined);
        await().atMost(LIMIT)
                .until(() -> stack.topologyCalls()
                                .get("/v1/clusters/" + Stack.CLUSTER + "/nodes/" + name)
                                .status()
                        == 404);
    }

    /** A side effect of an ADD, and whom its sight kills. */
    enum WhileAdding {
        MARKED_IN_THE_CACHE {
            @Override
            boolean seen(Worker worker, Pod pod) {
                return worker.introspection().get("/v1/pods").body().toString().contains(pod.containerId());
            }
        },
        INTERFACE_IN_THE_POD {
            @Override
            boolean seen(Worker worker, Pod pod) {
                return !pod.sandbox().exec("ls", "/sys/class/net").isBlank()
                        && pod.sandbox().exec("ip", "-o", "link").contains("eth0");
            }
        },
        ADDRESS_ON_THE_INTERFACE {
            @Override
            boolean seen(Worker worker, Pod pod) {
                return pod.sandbox().exec("ip", "-o", "-4", "addr").contains("eth0");
            }
        };

        abstract boolean seen(Worker worker, Pod pod);
    }

    @AfterEach
    void everythingAgrees() {
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
            assertThat(observed.portsInNetwork()).isEqualTo(observed.portsInLedgerOf(Stack.CLUSTER));
            assertThat(observed.ledger(
                            "select state from port where state not in ('free', 'leased', 'bound', 'cooling')"))
                    .isEmpty();
            for (Worker each : stack.workers().values()) {
                assertThat(observed.portsInCache(each)).isEqualTo(observed.portsLeasedTo(each));
            }
            assertThat(observed.ledger("select sandbox from port where state = 'bound'"))
                    .isEmpty();
        });
        int switches = observed.ledger(
                        "select n.id::text from node n join cluster c on c.id = n.cluster_id where c.name = '"
                                + Stack.CLUSTER + "'")
                .size();
        assertThat(observed.topologyInNetwork())
                .as("a router, and a switch and a router port a node")
                .hasSize(1 + 2 * switches);
    }

    @ParameterizedTest
    @EnumSource
    void aPodStartsAndTheAgentDies(WhileAdding point) {
        List<Pod> started = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            Pod pod = stack.runtime().sandbox(worker.host(), podName());
            CompletableFuture<CniAnswer> adding =
                    CompletableFuture.supplyAsync(() -> stack.runtime().call("ADD", pod));
            await().atMost(LIMIT)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> adding.isDone() || point.seen(worker, pod));
            worker.agent().kill9();
            CniAnswer first = adding.join();
            worker.agent().start();
            shared.awaitServing(worker);
            CniAnswer again = stack.runtime().call("ADD", pod);
            assertThat(again).returns(0, CniAnswer::exitCode);
            if (first.ok()) {
                assertThat(again.json().path("ips")).isEqualTo(first.json().path("ips"));
            }
            started.add(pod.with(again));
        }
        assertThat(started).extracting(Pod::address).doesNotHaveDuplicates();
        for (Pod pod : started) {
            started.stream()
                    .filter(other -> !other.equals(pod))
                    .forEach(other -> assertThat(
                                    pod.sandbox().ping(other.address(), 3).answered())
                            .isTrue());
        }
        started.forEach(pod -> assertThat(stack.runtime().stop(pod)).returns(0, CniAnswer::exitCode));
    }

    @ParameterizedTest
    @EnumSource(OnTheNode.class)
    void aPartOfTheNodeDiesInAnAddAndPodsStillStart(OnTheNode part) {
        Pod pod = stack.runtime().sandbox(worker.host(), podName());
        CompletableFuture<CniAnswer> adding =
                CompletableFuture.supplyAsync(() -> stack.runtime().call("ADD", pod));
        Daemon victim = part.of(worker);
        victim.kill9();
        victim.start();
        adding.join();
        stack.runtime().call("DEL", pod);
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(stack.runtime().call("ADD", pod)).returns(0, CniAnswer::exitCode));
        assertThat(stack.runtime().stop(pod)).returns(0, CniAnswer::exitCode);
    }

    /** What of a node is killed. */
    enum OnTheNode {
        OVSDB_SERVER,
        OVS_VSWITCHD,
        OVN_CONTROLLER;

        Daemon of(Worker worker) {
            return switch (this) {
                case OVSDB_SERVER -> worker.host().ovsdb().daemon();
                case OVS_VSWITCHD -> worker.host().vswitch();
                case OVN_CONTROLLER -> ((NodeHost) worker.host()).controller();
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPodStopsWhileTheAgentIsDown(Teardown teardown) {
        Pod pod = stack.runtime().start(worker.host(), podName());
        assertThat(pod.added()).returns(0, CniAnswer::exitCode);
        worker.agent().kill9();
        assertThat(stack.runtime().call("DEL", pod)).returns(0, CniAnswer::exitCode);
        if (teardown == Teardown.NAMESPACE_GONE) {
            pod.sandbox().close();
        }
        worker.agent().start();
        shared.awaitServing(worker);
        pod.sandbox().close();
    }

    /** What is left when the agent comes back to the queued DEL. */
    enum Teardown {
        NAMESPACE_THERE,
        NAMESPACE_GONE
    }
}
