package io.portolan.lb;

import static io.portolan.lb.TestingKubernetes.clusterService;
import static io.portolan.lb.TestingKubernetes.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.Listeners;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.RaftCluster;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Whoever fails in mid-update, no balancer is without its rows for a moment, and at the end all are right. Each transaction
 * of a real northbound database is looked at.
 */
class OutagesTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int SERVICES = 60;
    private static final int MIDDLE = 5;

    /** Longer than a Lease lasts here, so that leadership is lost, too. */
    private static final Duration AWAY = Duration.ofSeconds(8);

    private final Workspace workspace = Workspace.create();
    private final LbWorld world = new LbWorld(new TestingNetworks());
    private final Map<String, Daemon> processes = new HashMap<>();
    private final Map<String, Http> calls = new HashMap<>();
    private final Map<String, String> wanted = new TreeMap<>();
    private TestingKubernetes kubernetes;
    private NorthboundWatch northbound;

    private void cluster(String endpoints) {
        kubernetes = world.cluster("blue", endpoints);
        northbound = new NorthboundWatch(endpoints, world.id("blue"));
    }

    private String server() {
        return OvsdbServer.in(workspace, "nb")
                .database(OvnCentral.NORTHBOUND_SCHEMA)
                .start()
                .unixRemote();
    }

    @AfterEach
    void stop() {
        if (northbound != null) {
            northbound.close();
        }
        processes.values().forEach(Daemon::kill9);
        world.close();
        workspace.close();
    }

    private static String vip(int number) {
        return "10.96.1.%d:80".formatted(number);
    }

    /** Says that a Service is answered by this pod; both the old and the new one are right until all is at rest. */
    private void answeredBy(int number, String pod) {
        String backend = pod + ":8080";
        String before = wanted.put(vip(number), backend);
        northbound.allow(vip(number), before == null ? "" : before, backend);
        kubernetes.apply(slice("s-" + number, pod));
    }

    private void services() {
        IntStream.range(0, SERVICES).forEach(number -> {
            kubernetes.apply(clusterService("s-" + number, "10.96.1." + number));
            answeredBy(number, "10.4.1.2");
        });
        allRight();
    }

    private void allRight() {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> assertThat(northbound.now()).isEqualTo(wanted));
        assertThat(northbound.wrongs()).isEmpty();
    }

    /** Starts to move all of them to another pod, and returns when some are moved. */
    private CompletableFuture<Void> moving(String pod) {
        Map<String, String> before = northbound.now();
        CompletableFuture<Void> changes = CompletableFuture.runAsync(
                () -> IntStream.range(0, SERVICES).forEach(number -> answeredBy(number, pod)));
        await().atMost(LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> moved(before) >= MIDDLE);
        return changes;
    }

    private long moved(Map<String, String> before) {
        Map<String, String> now = northbound.now();
        return before.entrySet().stream()
                .filter(entry -> !entry.getValue().equals(now.get(entry.getKey())))
                .count();
    }

    private CompletableFuture<Void> process(String name) {
        int port = Listeners.freeLoopbackPort();
        Http http = new Http("http://127.0.0.1:" + port);
        calls.put(name, http);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx192m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.portolan.lb.LbSyncApplication"));
        command.addAll(world.arguments("portolan.lb.replica=" + name, "server.port=" + port));
        return CompletableFuture.supplyAsync(() -> workspace
                        .daemon(name, command.toArray(String[]::new))
                        .readyWithin(LIMIT)
                        .readyWhen("is ready", starting -> ready(http))
                        .start())
                .thenAccept(daemon -> processes.put(name, daemon));
    }

    private static boolean ready(Http http) {
        try {
            return http.get("/actuator/health/readiness").status() == 200;
        } catch (RuntimeException e) {
            return false;
        }
    }

    @Test
    void theLeaderIsKilledInMidUpdateAndTheOtherGoesOn() {
        cluster(server());
        List.of(process("one"), process("two")).forEach(CompletableFuture::join);
        calls.get("one")
                .put("/v1/clusters/blue/load-balancing", LbWorld.spec("blue"))
                .assertStatus(201);
        services();
        for (String pod : List.of("10.4.1.3", "10.4.2.4")) {
            Map<String, String> before = northbound.now();
            Daemon leader = processes.get(kubernetes.leader());
            CompletableFuture<Void> changes = moving(pod);
            leader.kill9();
            assertThat(moved(before)).as("killed in the middle").isLessThan(SERVICES);
            changes.join();
            allRight();
            leader.start();
        }
    }

    @Test
    void theApiServerIsAwayAndHasForgottenWhereTheWatchesWere() {
        cluster(server());
        world.start();
        world.watch("blue");
        services();
        kubernetes.api().leave();
        Map<String, String> before = northbound.now();
        for (int number = 0; number < SERVICES / 2; number++) {
            answeredBy(number, "10.4.2.9");
        }
        kubernetes.deleteService("s-59");
        kubernetes.apply(clusterService("new", "10.96.1.200"));
        kubernetes.apply(slice("new", "10.4.1.2"));
        await().during(AWAY)
                .atMost(LIMIT)
                .untilAsserted(() -> assertThat(northbound.now()).isEqualTo(before));
        wanted.put(vip(200), "10.4.1.2:8080");
        northbound.allow(vip(59), wanted.remove(vip(59)), "nothing");
        kubernetes.api().comeBack();
        allRight();
        assertThat(kubernetes.api().gone()).as("watches were told 410 Gone").isPositive();
    }

    @Test
    void theLeaderOfTheNorthboundDatabaseDiesInMidUpdate() {
        RaftCluster raft = RaftCluster.start(workspace, OvnCentral.NORTHBOUND_SCHEMA, 3);
        cluster(String.join(",", raft.unixRemotes()));
        world.start();
        world.watch("blue");
        services();
        for (String pod : List.of("10.4.1.3", "10.4.2.4")) {
            int leader = raft.leader();
            CompletableFuture<Void> changes = moving(pod);
            raft.kill9(leader);
            changes.join();
            allRight();
            raft.restart(leader);
        }
        allRight();
    }

    @Test
    void aStartWithEverythingRightWritesNothing() {
        cluster(server());
        LbReplica first = world.start("portolan.lb.replica=first");
        world.watch("blue");
        services();
        world.stop(first);
        int before = northbound.transactions();
        world.start("portolan.lb.replica=second", "portolan.lb.loop.resync=1s");
        await().atMost(LIMIT).until(() -> kubernetes.leader().equals("second"));
        await().during(Duration.ofSeconds(4))
                .atMost(LIMIT)
                .untilAsserted(() -> assertThat(northbound.transactions()).isEqualTo(before));
        answeredBy(7, "10.4.2.2");
        allRight();
        assertThat(northbound.transactions())
                .as("it is at work, and writes what is new")
                .isEqualTo(before + 1);
    }
}
