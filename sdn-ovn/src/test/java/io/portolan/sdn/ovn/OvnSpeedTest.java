package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Replica;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.ovsdb.Watch;
import io.portolan.sdn.SdnBackend;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a node's join costs OVN. */
class OvnSpeedTest {
    private static final Logger LOG = LoggerFactory.getLogger(OvnSpeedTest.class);
    private static final int ROUNDS = 5;

    private static Workspace workspace;
    private static OvsdbServer server;
    private static TestingCentral northbound;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        server = OvsdbServer.in(workspace, "nb")
                .database(OvnCentral.NORTHBOUND_SCHEMA)
                .start();
        northbound = new TestingCentral(server.unixRemote());
    }

    @AfterAll
    static void stop() {
        northbound.close();
        workspace.close();
    }

    /** Each transaction is one run of northd, which costs the same whatever the transaction's size. */
    @Test
    void aNodeOf253PortsJoinsInTwoTransactionsAndARepetitionWritesNothing() {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/24", 253);
        try (OvsdbClient observer = OvsdbClient.open(OvsdbOptions.of(server.unixRemote(), Northbound.DATABASE));
                SdnBackend backend = northbound.backend(cluster.id())) {
            observer.awaitConnected(TestingCentral.PATIENCE);
            Replica replica = observer.replicate(
                    Watch.table("Logical_Router"),
                    Watch.table("Logical_Switch"),
                    Watch.table("Logical_Switch_Port"),
                    Watch.table("Logical_Router_Port"),
                    Watch.table("Gateway_Chassis"));
            replica.awaitLoaded(TestingCentral.PATIENCE);
            String router =
                    backend.topology().ensureRouter(TestingCluster.ROUTER).id();
            await().atMost(TestingCentral.PATIENCE)
                    .until(() -> !replica.snapshot().table("Logical_Router").isEmpty());
            long before = observer.counters().updates();
            backend.topology().ensureSwitch(cluster.onRouter(router));
            backend.ports().ensure(cluster.node(), cluster.ports());
            cluster.make(backend);
            // The last one is the observer's own: an update that came before it has been counted.
            observer.transact(Operation.update(
                    "Logical_Router", Row.empty().with("name", "end"), Condition.row(UUID.fromString(router))));
            assertThat(replica.snapshot().table("Logical_Switch_Port")).hasSize(254);
            assertThat(observer.counters().updates() - before - 1).isEqualTo(2);
            cluster.unmake(backend);
        }
    }

    @Test
    void a24IsMadeWithinTwiceTheTimeOfRawTransactionsAndASecond() {
        List<Long> ours = new ArrayList<>();
        List<Long> raw = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            TestingCluster cluster = TestingCluster.of("10.4.0.0/24", 253);
            try (SdnBackend backend = northbound.backend(cluster.id())) {
                backend.check();
                long begin = System.nanoTime();
                cluster.make(backend);
                ours.add(System.nanoTime() - begin);
                Map<String, Map<UUID, Row>> made = northbound.dump();
                cluster.unmake(backend);
                raw.add(writeRaw(made));
                assertThat(northbound.dump()).isEqualTo(made);
                cluster.unmake(backend);
            }
        }
        long fastest = raw.stream().mapToLong(Long::longValue).min().orElseThrow();
        long mine = ours.stream().sorted().toList().get(ROUNDS / 2);
        LOG.info("253 ports: ours {} ms, raw {} ms", millis(ours), millis(raw));
        assertThat(mine).isLessThanOrEqualTo(2 * fastest + 1_000_000_000L);
    }

    private static List<Long> millis(List<Long> nanos) {
        return nanos.stream().map(nano -> nano / 1_000_000).toList();
    }

    /** The same rows: first the router, then the switch, then its ports, in a transaction each. */
    private static long writeRaw(Map<String, Map<UUID, Row>> rows) {
        List<Operation> router = new ArrayList<>();
        List<Operation> node = new ArrayList<>();
        List<Operation> ports = new ArrayList<>();
        rows.forEach((table, all) -> all.forEach((id, row) -> {
            switch (table) {
                case "Logical_Router" -> {
                    router.add(Operation.insert(table, row.with("ports", Value.emptySet()))
                            .withId(id));
                    node.add(Operation.update(table, Row.empty().with("ports", row.value("ports")), Condition.row(id)));
                }
                case "Logical_Switch" -> {
                    node.add(Operation.insert(table, row.with("ports", Value.emptySet()))
                            .withId(id));
                    ports.add(
                            Operation.update(table, Row.empty().with("ports", row.value("ports")), Condition.row(id)));
                }
                case "Logical_Switch_Port" ->
                    ports.add(Operation.insert(table, row).withId(id));
                default -> node.add(Operation.insert(table, row).withId(id));
            }
        }));
        OvsdbClient client = northbound.client();
        long begin = System.nanoTime();
        client.transact(router);
        client.transact(node);
        client.transact(ports);
        return System.nanoTime() - begin;
    }
}
