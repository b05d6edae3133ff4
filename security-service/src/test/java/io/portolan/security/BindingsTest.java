package io.portolan.security;

import static io.portolan.security.SecurityWorld.LONG;
import static io.portolan.security.SecurityWorld.allowTcp;
import static io.portolan.security.SecurityWorld.binding;
import static io.portolan.security.SecurityWorld.bindingFor;
import static io.portolan.security.SecurityWorld.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ipam.Http;
import io.portolan.model.PortId;
import io.portolan.sdn.InMemorySecurity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BindingsTest {
    private static SecurityWorld world;

    private String cluster;
    private InMemorySecurity network;
    private String web;
    private String db;
    private SecurityWorld.Fleet fleet;

    @BeforeAll
    static void start() {
        world = new SecurityWorld();
        world.start();
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    @BeforeEach
    void anotherCluster() {
        cluster = world.cluster();
        network = world.networks().inMemory(world.id(cluster));
        web = world.profile(cluster, "web", allowTcp(80));
        db = world.profile(cluster, "db", allowTcp(5432));
        fleet = world.fleet(cluster, 16);
        world.enforce(cluster);
    }

    private static Set<String> groups(String... profiles) {
        return Set.of(
                java.util.stream.Stream.of(profiles).map(id -> "profile-" + id).toArray(String[]::new));
    }

    private Map<PortId, Set<String>> bound() {
        return new TreeMap<>(network.bindings(fleet.node()));
    }

    /** Port and what is wanted of it, where the network took that. */
    private List<String> ledger() {
        return world.rows(
                "select port_id || ' ' || cast(wanted as text) || case when applied = wanted then '' else ' unfinished' end from profile_binding where cluster_id = '%s' order by 1"
                        .formatted(world.id(cluster)));
    }

    @Test
    void aPortIsInItsProfilesWhenTheNodeIsAnswered() {
        long mark = world.bind(fleet, bindingFor("shop", fleet.port(0), web, db), binding(fleet.port(1), web))
                .assertStatus(200)
                .json()
                .path("mark")
                .asLong();
        assertThat(mark).isPositive();
        assertThat(bound()).containsEntry(fleet.port(0), groups(web, db)).containsEntry(fleet.port(1), groups(web));
        assertThat(ledger()).hasSize(2).noneMatch(row -> row.contains("unfinished"));
        assertThat(world.bind(fleet, bindingFor("shop", fleet.port(0), db, web))
                        .assertStatus(200)
                        .json()
                        .path("mark")
                        .asLong())
                .isGreaterThan(mark);
        world.bind(fleet, binding(fleet.port(0)), binding(fleet.port(1))).assertStatus(200);
        assertThat(bound().values()).allMatch(Set::isEmpty);
        assertThat(ledger()).isEmpty();
    }

    @Test
    void fromOneSetToAnotherThereIsNoWayButClosed() {
        world.bind(fleet, binding(fleet.port(0), web)).assertStatus(200);
        for (SecurityWorld.Asked other : List.of(binding(fleet.port(0), db), binding(fleet.port(0), db, web))) {
            assertThat(world.bind(fleet, binding(fleet.port(1), db), other)
                            .assertProblem(409, "port-in-other-profiles", "bindings[1].profiles")
                            .path("profiles")
                            .get(0)
                            .asString())
                    .isEqualTo(web);
        }
        assertThat(bound()).containsEntry(fleet.port(0), groups(web)).containsEntry(fleet.port(1), Set.of());
        world.bind(fleet, binding(fleet.port(0))).assertStatus(200);
        world.bind(fleet, binding(fleet.port(0), db)).assertStatus(200);
        assertThat(bound()).containsEntry(fleet.port(0), groups(db));
    }

    @Test
    void whoMayNameAProfileIsSaidByItsNamespaces() {
        world.http()
                .put(path(cluster, "vault"), Map.of("namespaces", List.of("safe")))
                .assertStatus(201);
        String vault = world.ready(cluster, "vault");
        assertThat(world.bind(fleet, bindingFor("shop", fleet.port(0), web, vault))
                        .assertStatus(403)
                        .json()
                        .path("type")
                        .asString())
                .isEqualTo("urn:portolan:problem:profile-not-allowed");
        assertThat(bound().get(fleet.port(0))).isEmpty();
        world.bind(fleet, bindingFor("safe", fleet.port(0), web, vault)).assertStatus(200);
        world.bind(fleet, binding(fleet.port(1), vault)).assertStatus(200);
    }

    @Test
    void bindingsThatComeTogetherAreOneWrite() throws ExecutionException, InterruptedException {
        CountDownLatch gate = world.networks().holdWrites();
        long before = network.binds();
        List<Future<Http.Answer>> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 16; i++) {
                PortId port = fleet.port(i);
                answers.add(threads.submit(() -> world.bind(fleet, binding(port, web))));
            }
            await().atMost(LONG).until(() -> ledger().size() == 16);
            gate.countDown();
            for (Future<Http.Answer> answer : answers) {
                answer.get().assertStatus(200);
            }
        }
        assertThat(network.binds() - before).isBetween(1L, 2L);
        assertThat(bound().values()).allMatch(groups(web)::equals);
    }

    @ParameterizedTest
    @EnumSource(names = {"BEFORE", "AFTER"})
    void aKillBetweenIntentAndAnswerIsFinishedByAnother(TestingNetworks.Kill when) {
        SecurityReplica dying = world.start();
        world.networks().kill(when);
        assertThat(world.bind(dying.http(), fleet.node(), 1, binding(fleet.port(0), web))
                        .status())
                .isGreaterThanOrEqualTo(500);
        world.stop(dying);
        assertThat(ledger()).singleElement().asString().endsWith("unfinished");
        // What became of it is not known: another set has to wait until it is.
        world.bind(fleet, binding(fleet.port(0), db))
                .assertProblem(409, "port-in-other-profiles", "bindings[0].profiles");
        world.networks().kill(TestingNetworks.Kill.NEVER);
        await().atMost(LONG).until(() -> ledger().stream().noneMatch(row -> row.contains("unfinished")));
        assertThat(bound()).containsEntry(fleet.port(0), groups(web));
    }

    @Test
    void aRefusedPortFailsItsOwnRequestOnly() throws ExecutionException, InterruptedException {
        world.networks().backend(world.id(cluster), "testing:").ports().delete(fleet.node(), List.of(fleet.port(1)));
        CountDownLatch gate = world.networks().holdWrites();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Http.Answer> good = threads.submit(() -> world.bind(fleet, binding(fleet.port(0), web)));
            Future<Http.Answer> bad = threads.submit(() -> world.bind(fleet, binding(fleet.port(1), web)));
            Future<Http.Answer> fine = threads.submit(() -> world.bind(fleet, binding(fleet.port(2), web)));
            await().atMost(LONG).until(() -> ledger().size() == 3);
            gate.countDown();
            good.get().assertStatus(200);
            fine.get().assertStatus(200);
            bad.get().assertProblem(409, "network-object-unknown", "");
        }
        world.bind(fleet, binding(fleet.port(0)), binding(fleet.port(1)), binding(fleet.port(2)))
                .assertStatus(200);
        assertThat(ledger()).isEmpty();
    }

    @Test
    void whatWasGivenBackInProfilesIsClosed() {
        world.bind(fleet, binding(fleet.port(0), web), binding(fleet.port(1), web))
                .assertStatus(200);
        world.sql("update port set state = 'free', lease_epoch = null where id = '%s'".formatted(fleet.port(0)));
        await().atMost(LONG).until(() -> ledger().size() == 1);
        assertThat(bound()).containsEntry(fleet.port(0), Set.of()).containsEntry(fleet.port(1), groups(web));
        world.bind(fleet, binding(fleet.port(0), web)).assertProblem(409, "port-not-held", "bindings[0].port");
        world.bind(fleet, binding(fleet.port(0))).assertStatus(200);
    }

    @Test
    void aNetworkThatIsDownIsSaidAndTheBindingIsMadeWhenItIsBack() {
        world.networks().shared().up(false);
        Http.Answer answer = world.bind(fleet, binding(fleet.port(0), web));
        answer.assertProblem(503, "network-unavailable", "");
        assertThat(answer.retryAfter()).isNotBlank();
        world.networks().shared().up(true);
        await().atMost(LONG).until(() -> bound().get(fleet.port(0)).equals(groups(web)));
        await().atMost(LONG).until(() -> ledger().stream().noneMatch(row -> row.contains("unfinished")));
    }

    @Test
    void aNodeThatJoinsLaterIsClosedBeforeItsFirstBinding() {
        SecurityWorld.Fleet late = world.fleet(cluster, 1);
        world.bind(late, binding(late.port(0), web)).assertStatus(200);
        assertThat(network.closed()).contains(late.node());
        SecurityWorld.Fleet idle = world.fleet(cluster, 1);
        await().atMost(LONG).until(() -> network.closed().contains(idle.node()));
    }

    @Test
    void whatSomebodyElseChangesIsPutRightAndCounted() {
        world.bind(fleet, binding(fleet.port(0), web)).assertStatus(200);
        world.networks().shared().foreignGroup("wide-open");
        network.tamper(fleet.port(0), Set.of());
        network.tamper(fleet.port(1), Set.of("wide-open"));
        await().atMost(LONG)
                .until(() -> bound().get(fleet.port(0)).equals(groups(web))
                        && bound().get(fleet.port(1)).isEmpty());
        assertThat(world.http()
                        .get("/actuator/prometheus")
                        .body()
                        .lines()
                        .filter(line -> line.startsWith("portolan_security_drift_total{cluster=\"" + cluster)))
                .singleElement()
                .asString()
                .endsWith(" 2.0");
    }

    /** Each port has its own walker, who asks any of three replicas. */
    @Test
    void threeReplicasLeaveEveryPortAsItWasLastAsked() throws ExecutionException, InterruptedException {
        Http first = world.http();
        List<SecurityReplica> more = List.of(world.start(), world.start());
        List<Http> doors = List.of(first, more.getFirst().http(), more.getLast().http());
        Map<PortId, Set<String>> last = new java.util.concurrent.ConcurrentHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> walks = new ArrayList<>();
            IntStream.range(0, 8).forEach(walker -> walks.add(threads.submit(() -> walk(walker, doors, last))));
            for (Future<?> walk : walks) {
                walk.get();
            }
        } finally {
            more.forEach(world::stop);
        }
        assertThat(last).hasSize(8);
        assertThat(bound()).containsAllEntriesOf(last);
        assertThat(ledger()).noneMatch(row -> row.contains("unfinished"));
        long closed = last.values().stream().filter(Set::isEmpty).count();
        assertThat(ledger()).hasSize((int) (8 - closed));
    }

    private void walk(int walker, List<Http> doors, Map<PortId, Set<String>> last) {
        Random random = new Random(walker);
        PortId port = fleet.port(walker);
        String now = "";
        for (int step = 0; step < 12; step++) {
            Http door = doors.get(random.nextInt(doors.size()));
            String next = now.isEmpty() ? (random.nextBoolean() ? web : db) : "";
            SecurityWorld.Asked asked = next.isEmpty() ? binding(port) : binding(port, next);
            world.bind(door, fleet.node(), 1, asked).assertStatus(200);
            now = next;
            last.put(port, next.isEmpty() ? Set.of() : groups(next));
            assertThat(network.bindings(fleet.node()).get(port)).isEqualTo(last.get(port));
        }
    }
}
