package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.Authority;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionTest {

    private static final Duration SHORT = Duration.ofMillis(500);

    private final Workspace workspace = Workspace.create();

    @AfterEach
    void stop() {
        workspace.close();
    }

    @Test
    void tcpWorksLikeTheUnixSocketAndTheFirstUsableEndpointIsTaken() {
        OvsdbServer server = Harbour.server(workspace).tcp().start();
        AtomicReference<ConnectionState> state = new AtomicReference<>();
        try (OvsdbClient client = OvsdbClient.open(
                Harbour.options("unix:/nowhere/db.sock,tcp:127.0.0.1:1," + server.tcpRemote()), state::set)) {
            client.transact(Operation.insert("Ship", Harbour.ship("a")));
            assertThat(names(client)).containsExactly("a");
            assertThat(state.get()).isEqualTo(new ConnectionState.Connected(OvsdbEndpoint.parse(server.tcpRemote())));
            assertThat(client.counters().failedConnects()).isEqualTo(2);
        }
    }

    @Test
    void tlsCarriesTransactionsAndUpdatesBothWays() throws Exception {
        Authority authority = new Authority(workspace.directory("harbour-ca"), "harbour-ca");
        OvsdbServer server =
                Harbour.server(workspace).tls(authority.server("IP:127.0.0.1")).start();
        try (OvsdbClient client = Harbour.connect(tls(server, authority.client()))) {
            Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
            for (int i = 0; i < 200; i++) {
                client.transact(
                        Operation.insert("Ship", Harbour.ship("ship " + i).with("captain", "c".repeat(20_000))));
            }
            assertThat(replica.snapshot().table("Ship"))
                    .isEqualTo(ReplicaTest.fresh(client))
                    .hasSize(200);
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    @Test
    void aTlsServerThatHangsIsNoticedAndFoundAgain() throws Exception {
        Authority authority = new Authority(workspace.directory("harbour-ca"), "harbour-ca");
        OvsdbServer server =
                Harbour.server(workspace).tls(authority.server("IP:127.0.0.1")).start();
        try (OvsdbClient client =
                Harbour.connect(tls(server, authority.client()).withProbe(Duration.ofMillis(200), SHORT))) {
            server.pause();
            await().atMost(Harbour.PATIENCE).until(() -> !client.isConnected());
            server.resume();
            client.awaitConnected(Harbour.PATIENCE);
            assertThat(names(client)).isEmpty();
        }
    }

    @Test
    void aTlsServerOfAnotherNameOrAuthorityIsNotTrusted() throws Exception {
        Authority authority = new Authority(workspace.directory("harbour-ca"), "harbour-ca");
        OvsdbServer other =
                Harbour.server(workspace).tls(authority.server("IP:127.0.0.2")).start();
        refusesTls(tls(other, authority.client()), "127.0.0.1");
        refusesTls(
                tls(other, new Authority(workspace.directory("stranger-ca"), "stranger-ca").client()),
                "certification path");
    }

    @Test
    void aRenewedContextCountsForTheNextConnection() throws Exception {
        Authority authority = new Authority(workspace.directory("harbour-ca"), "harbour-ca");
        OvsdbServer server =
                Harbour.server(workspace).tls(authority.server("IP:127.0.0.1")).start();
        AtomicReference<SSLContext> context =
                new AtomicReference<>(new Authority(workspace.directory("stranger-ca"), "stranger-ca").client());
        try (OvsdbClient client = OvsdbClient.open(tls(server, context::get))) {
            await().atMost(Harbour.PATIENCE).until(() -> client.counters().failedConnects() > 0);
            context.set(authority.client());
            client.awaitConnected(Harbour.PATIENCE);
            assertThat(names(client)).isEmpty();
        }
    }

    @Test
    void theServersProbesAreAnswered() {
        OvsdbServer server =
                Harbour.server(workspace).inactivityProbe(Duration.ofSeconds(1)).start();
        OvsdbOptions silent = Harbour.options(server.unixRemote()).withProbe(Duration.ofHours(1), Duration.ofHours(1));
        try (OvsdbClient client = Harbour.connect(silent)) {
            await().during(Duration.ofSeconds(5)).atMost(Harbour.PATIENCE).until(client::isConnected);
            names(client);
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    @Test
    void aHungServerIsNoticedAndWhatItWasAskedIsUnknown() {
        OvsdbServer server = Harbour.server(workspace).start();
        List<ConnectionState> states = new CopyOnWriteArrayList<>();
        OvsdbOptions watchful =
                Harbour.options(server.unixRemote()).withProbe(Duration.ofMillis(300), Duration.ofSeconds(2));
        try (OvsdbClient client = OvsdbClient.open(watchful, states::add)) {
            client.awaitConnected(Harbour.PATIENCE);
            server.pause();
            assertThatThrownBy(() -> client.transact(Operation.insert("Ship", Harbour.ship("a"))))
                    .isInstanceOf(OvsdbException.OutcomeUnknown.class)
                    .hasMessageContaining("no sign of life");
            server.resume();
            client.awaitConnected(Harbour.PATIENCE);
            assertThat(names(client)).isSubsetOf("a");
        }
        await().atMost(Harbour.PATIENCE).until(() -> states.getLast() instanceof ConnectionState.Closed);
        assertThat(states)
                .startsWith(
                        new ConnectionState.Connected(OvsdbEndpoint.parse(server.unixRemote())),
                        new ConnectionState.Disconnected("no sign of life"));
    }

    @Test
    void aCallThatTakesTooLongIsUnknownAndTheConnectionLivesOn() {
        OvsdbServer server = Harbour.server(workspace).start();
        try (OvsdbClient client = Harbour.connect(server)) {
            Operation never = new Operation.Wait(
                    "Ship", List.of(), List.of("name"), true, List.of(Harbour.ship("never")), Duration.ofHours(1));
            Operation insert = Operation.insert("Ship", Harbour.ship("a"));
            assertThatThrownBy(() -> client.transact(SHORT, List.of(never, insert)))
                    .isInstanceOf(OvsdbException.OutcomeUnknown.class)
                    .hasMessageContaining("in time");
            assertThat(names(client)).isEmpty();
            assertThat(client.counters().unknown()).isEqualTo(1);
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    @Test
    void anInterruptedCallerDisturbsNobodyElse() throws Exception {
        OvsdbServer server = Harbour.server(workspace).start();
        try (OvsdbClient client = Harbour.connect(server)) {
            AtomicReference<Throwable> seen = new AtomicReference<>();
            server.pause();
            Thread caller = Thread.ofPlatform().start(() -> {
                try {
                    client.transact(Operation.insert("Ship", Harbour.ship("a")));
                } catch (OvsdbException e) {
                    seen.set(e);
                }
            });
            await().atMost(Harbour.PATIENCE).until(() -> caller.getState() == Thread.State.TIMED_WAITING);
            caller.interrupt();
            caller.join();
            server.resume();
            assertThat(seen.get())
                    .isInstanceOf(OvsdbException.OutcomeUnknown.class)
                    .hasMessageContaining("interrupted");
            names(client);
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    @Test
    void anInterruptedCallerGetsItsReplicaAndItsLockAndKeepsItsInterrupt() {
        OvsdbServer server = Harbour.server(workspace).start();
        try (OvsdbClient client = Harbour.connect(server)) {
            Thread.currentThread().interrupt();
            Replica replica = client.replicate(Watch.table("Ship"));
            OvsdbLock lock = client.lock("pilot");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(replica.isLoaded()).isTrue();
            assertThat(lock.isHeld()).isTrue();
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    @Test
    void withoutAServerNothingIsSentAndTheLastProblemIsNamed() {
        OvsdbServer server = Harbour.server(workspace).start();
        try (OvsdbClient client = Harbour.connect(server)) {
            server.kill9();
            await().atMost(Harbour.PATIENCE).until(() -> !client.isConnected());
            assertThatThrownBy(() -> client.transact(SHORT, List.of(Operation.comment("x"))))
                    .isInstanceOf(OvsdbException.NotConnected.class)
                    .hasMessageContaining(server.unixRemote());
        }
    }

    @Test
    void aClosedClientSaysSo() throws Exception {
        OvsdbServer server = Harbour.server(workspace).start();
        OvsdbClient client = Harbour.connect(server);
        server.pause();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> waiting = threads.submit(() -> client.transact(Operation.comment("x")));
            await().atMost(Harbour.PATIENCE).until(() -> client.isConnected());
            client.close();
            assertThatThrownBy(waiting::get).hasCauseInstanceOf(OvsdbException.class);
        }
        assertThatThrownBy(() -> client.transact(Operation.comment("x"))).isInstanceOf(OvsdbException.Closed.class);
        client.close();
    }

    @Test
    void whatIsSaidOfEachTransactionIsTrueAlthoughTheServerIsKilledUnderThem() throws Exception {
        OvsdbServer server = Harbour.server(workspace).start();
        List<String> done = new CopyOnWriteArrayList<>();
        List<String> notSent = new CopyOnWriteArrayList<>();
        List<String> unknown = new CopyOnWriteArrayList<>();
        try (OvsdbClient client = Harbour.connect(server)) {
            CountDownLatch underWay = new CountDownLatch(500);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 5_000; i++) {
                    String name = "ship " + i;
                    threads.execute(() -> {
                        try {
                            client.transact(Operation.insert("Ship", Harbour.ship(name)));
                            done.add(name);
                            underWay.countDown();
                        } catch (OvsdbException.NotConnected e) {
                            notSent.add(name);
                        } catch (OvsdbException.OutcomeUnknown e) {
                            unknown.add(name);
                        }
                    });
                }
                underWay.await();
                server.kill9();
                server.start();
            }
            Set<String> present = Set.copyOf(names(client));
            assertThat(present).containsAll(done);
            assertThat(notSent).doesNotContainAnyElementsOf(present);
            assertThat(done.size() + notSent.size() + unknown.size()).isEqualTo(5_000);
            assertThat(done).hasSizeGreaterThanOrEqualTo(500);
            assertThat(client.counters().connects()).isEqualTo(2);
        }
    }

    @Test
    void thousandsOfTransactionsShareOneConnection() throws Exception {
        OvsdbServer server = Harbour.server(workspace).start();
        try (OvsdbClient client = Harbour.connect(server)) {
            client.transact(Operation.insert("Berth", Row.empty().with("number", 0)));
            List<Future<TransactResult>> results = new ArrayList<>();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 5_000; i++) {
                    String name = "ship " + i;
                    results.add(threads.submit(() -> client.transact(
                            Operation.insert("Ship", Harbour.ship(name)),
                            Operation.mutate("Berth", Mutation.add("number", 1)),
                            Operation.select("Ship", Condition.is("name", name)).columns("name"))));
                }
            }
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).get().rows(2)).containsExactly(Harbour.ship("ship " + i));
            }
            assertThat(client.transact(Operation.select("Berth"))
                            .rows(0)
                            .getFirst()
                            .integer("number"))
                    .isEqualTo(5_000);
            assertThat(client.counters()).isEqualTo(new Counters(5_002, 0, 0, 1, 0, 0, 0));
        }
    }

    @Test
    void aResultOfSeveralMegabytesIsReadWhole() {
        OvsdbServer server = Harbour.server(workspace).start();
        try (OvsdbClient client = Harbour.connect(server)) {
            String long30k = "⚓ ".repeat(10_000);
            List<Operation> inserts = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                inserts.add(Operation.insert(
                        "Ship",
                        Harbour.ship("ship " + i).with("captain", long30k).with("crew", i)));
            }
            client.transact(inserts);
            List<Row> rows = client.transact(Operation.select("Ship")).rows(0);
            assertThat(rows)
                    .hasSize(200)
                    .allSatisfy(row -> assertThat(row.string("captain")).isEqualTo(long30k));
            Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
            assertThat(replica.snapshot().table("Ship")).isEqualTo(ReplicaTest.fresh(client));
        }
    }

    @Test
    void messagesThatComeInCrumbsAreReadWhole() {
        OvsdbServer server = Harbour.server(workspace).start();
        try (TestingRelay relay =
                        new TestingRelay(workspace.directory().resolve("relay.sock"), server.socket()).chopping(5);
                OvsdbClient client = Harbour.connect(Harbour.options(relay.remote()))) {
            Replica replica = client.replicate(Watch.table("Ship")).awaitLoaded(Harbour.PATIENCE);
            for (int i = 0; i < 30; i++) {
                client.transact(Operation.insert(
                        "Ship", Harbour.ship("𝄞⚓é" + i).with("captain", "é⚓𝄞x".repeat(100 + i))));
            }
            assertThat(replica.snapshot().table("Ship"))
                    .isEqualTo(ReplicaTest.fresh(client))
                    .hasSize(30);
            assertThat(names(client)).contains("𝄞⚓é29");
            assertThat(client.counters().connects()).isEqualTo(1);
        }
    }

    private static OvsdbOptions tls(OvsdbServer server, SSLContext context) {
        return tls(server, () -> context);
    }

    private static OvsdbOptions tls(OvsdbServer server, Supplier<SSLContext> context) {
        return OvsdbOptions.of(server.tlsRemote(), Harbour.DATABASE, context)
                .withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(10))
                .withBackoff(Duration.ofMillis(20), Duration.ofMillis(500));
    }

    private static void refusesTls(OvsdbOptions options, String complaint) {
        try (OvsdbClient client = OvsdbClient.open(options)) {
            await().atMost(Harbour.PATIENCE).until(() -> client.counters().failedConnects() > 0);
            assertThatThrownBy(() -> client.awaitConnected(SHORT))
                    .isInstanceOf(OvsdbException.NotConnected.class)
                    .hasMessageContaining(complaint);
        }
    }

    private static Set<String> names(OvsdbClient client) {
        return client.transact(Operation.select("Ship")).rows(0).stream()
                .map(row -> row.string("name"))
                .collect(Collectors.toSet());
    }
}
