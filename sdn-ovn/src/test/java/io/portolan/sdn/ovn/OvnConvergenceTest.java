package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.PortId;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.RaftCluster;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Writers that meet, and servers that die under a write. As every row's id follows from ours, whatever happened must end
 * in exactly the database that one undisturbed writer leaves.
 */
class OvnConvergenceTest {
    private static final Duration GIVE_UP = Duration.ofSeconds(90);

    private static Workspace workspace;
    private static OvsdbServer server;
    private static TestingCentral northbound;
    private static TestingCentral other;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        server = OvsdbServer.in(workspace, "nb")
                .database(OvnCentral.NORTHBOUND_SCHEMA)
                .start();
        northbound = new TestingCentral(server.unixRemote());
        other = new TestingCentral(server.unixRemote());
    }

    @AfterAll
    static void stop() {
        other.close();
        northbound.close();
        workspace.close();
    }

    /** What one undisturbed writer leaves. */
    private static Map<String, Map<UUID, Row>> undisturbed(TestingCluster cluster) {
        try (SdnBackend backend = northbound.backend(cluster.id())) {
            cluster.make(backend);
            Map<String, Map<UUID, Row>> made = northbound.dump();
            cluster.unmake(backend);
            assertThat(northbound.dump()).isEmpty();
            return made;
        }
    }

    /** Runs them at once and returns their outcomes; an exception is an outcome, too. */
    private static List<Object> atOnce(List<Callable<Object>> tasks) throws InterruptedException {
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Object>> futures = tasks.stream()
                    .map(task -> executor.submit(() -> {
                        go.await();
                        try {
                            return task.call();
                        } catch (SdnFailure e) {
                            return e;
                        }
                    }))
                    .toList();
            go.countDown();
            List<Object> outcomes = new ArrayList<>();
            for (Future<Object> future : futures) {
                try {
                    outcomes.add(future.get(60, TimeUnit.SECONDS));
                } catch (ExecutionException | TimeoutException e) {
                    outcomes.add(e);
                }
            }
            return outcomes;
        }
    }

    @Test
    void writersOfTheSameObjectsMakeOneSetOfRows() throws InterruptedException {
        for (int round = 0; round < 5; round++) {
            TestingCluster cluster = TestingCluster.of("10.4.0.0/26", 50);
            Map<String, Map<UUID, Row>> expected = undisturbed(cluster);
            try (SdnBackend one = northbound.backend(cluster.id());
                    SdnBackend two = other.backend(cluster.id())) {
                Callable<Object> first = () -> {
                    cluster.make(one);
                    return "made";
                };
                Callable<Object> second = () -> {
                    cluster.make(two);
                    return "made";
                };
                assertThat(atOnce(List.of(first, second, first, second))).containsOnly("made");
                assertThat(northbound.dump()).isEqualTo(expected);
                cluster.unmake(two);
            }
        }
    }

    @Test
    void batchesOnOneSwitchAllArrive() throws InterruptedException {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/25", 120);
        Map<String, Map<UUID, Row>> expected = undisturbed(cluster);
        try (SdnBackend one = northbound.backend(cluster.id());
                SdnBackend two = other.backend(cluster.id())) {
            one.topology()
                    .ensureSwitch(cluster.onRouter(
                            one.topology().ensureRouter(TestingCluster.ROUTER).id()));
            List<Callable<Object>> tasks = new ArrayList<>();
            for (int from = 0; from < 120; from += 20) {
                SdnBackend backend = from % 40 == 0 ? one : two;
                List<PortSpec> batch = cluster.ports().subList(from, from + 20);
                tasks.add(() -> backend.ports().ensure(cluster.node(), batch).size());
            }
            assertThat(atOnce(tasks)).containsOnly(20);
            assertThat(northbound.dump()).isEqualTo(expected);
            cluster.unmake(one);
        }
    }

    @Test
    void ofTwoThatWantOneAddressOneGetsIt() throws InterruptedException {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/26", 1);
        PortSpec spec = cluster.ports().getFirst();
        PortSpec rival = new PortSpec(PortId.random(), spec.subnet(), spec.mac(), spec.addresses(), null);
        try (SdnBackend one = northbound.backend(cluster.id());
                SdnBackend two = other.backend(cluster.id())) {
            one.topology()
                    .ensureSwitch(cluster.onRouter(
                            one.topology().ensureRouter(TestingCluster.ROUTER).id()));
            List<Object> outcomes = atOnce(List.of(
                    () -> one.ports().ensure(cluster.node(), List.of(spec)).size(),
                    () -> two.ports().ensure(cluster.node(), List.of(rival)).size()));
            assertThat(outcomes)
                    .containsOnlyOnce(1)
                    .filteredOn(outcome -> outcome instanceof Refused)
                    .singleElement(type(Refused.class))
                    .returns(Reason.CONFLICT, Refused::reason);
            assertThat(one.ports().list(cluster.node())).hasSize(1);
            one.ports().delete(cluster.node(), List.of(spec.id(), rival.id()));
            cluster.unmake(one);
        }
    }

    /** Repeats it as a reconciler would; anything but {@code Unavailable} is a failure. */
    private static void converge(Runnable step) {
        long end = System.nanoTime() + GIVE_UP.toNanos();
        while (true) {
            try {
                step.run();
                return;
            } catch (SdnFailure.Unavailable e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void aServerKilledUnderAWriteLeavesNothingTwice(long seed) throws InterruptedException {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/24", 253);
        Map<String, Map<UUID, Row>> expected = undisturbed(cluster);
        Random random = new Random(seed);
        try (SdnBackend backend = northbound.backend(cluster.id())) {
            Thread writer = Thread.startVirtualThread(() -> converge(() -> cluster.make(backend)));
            Thread.sleep(random.nextLong(60));
            server.kill9();
            server.start();
            assertThat(writer.join(GIVE_UP)).isTrue();
            converge(() -> cluster.make(backend));
            assertThat(northbound.dump()).isEqualTo(expected);
            cluster.unmake(backend);
        }
    }

    @Test
    void aRaftLeaderKilledUnderAWriteLeavesNothingTwice() throws InterruptedException {
        RaftCluster raft = RaftCluster.start(workspace, OvnCentral.NORTHBOUND_SCHEMA, 3);
        try (TestingCentral cluster = new TestingCentral(String.join(",", raft.tcpRemotes()))) {
            for (int round = 0; round < 3; round++) {
                TestingCluster wanted = TestingCluster.of("10.4.0.0/24", 253);
                Map<String, Map<UUID, Row>> expected = undisturbed(wanted);
                try (SdnBackend backend = cluster.backend(wanted.id())) {
                    Thread writer = Thread.startVirtualThread(() -> converge(() -> wanted.make(backend)));
                    Thread.sleep(10L + 20L * round);
                    int leader = raft.leader();
                    raft.kill9(leader);
                    assertThat(writer.join(GIVE_UP)).isTrue();
                    converge(() -> wanted.make(backend));
                    assertThat(cluster.dump()).isEqualTo(expected);
                    raft.restart(leader);
                    converge(() -> wanted.unmake(backend));
                }
            }
        }
    }

    @Test
    void whileTheServerIsAwayNothingIsSaidToBeMissing() {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/26", 3);
        try (OvnBackends impatient = new OvnBackends(Duration.ofMillis(500));
                SdnBackend backend = impatient.backend(cluster.id(), server.unixRemote(), null)) {
            converge(() -> cluster.make(backend));
            server.kill9();
            List<Runnable> reads = List.of(
                    () -> backend.topology().ownRouter(),
                    () -> backend.topology().ownSwitches(),
                    () -> backend.topology().deleteSwitch(cluster.node()),
                    () -> backend.ports().list(cluster.node()),
                    backend::check);
            try {
                for (Runnable read : reads) {
                    assertThatThrownBy(read::run)
                            .isInstanceOf(SdnFailure.Unavailable.class)
                            .hasMessageContaining(server.socket().toString());
                }
            } finally {
                server.start();
            }
            converge(() -> assertThat(backend.ports().list(cluster.node())).hasSize(3));
            converge(() -> cluster.unmake(backend));
        }
    }
}
