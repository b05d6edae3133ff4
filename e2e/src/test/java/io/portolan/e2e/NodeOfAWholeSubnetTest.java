package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.e2e.stack.Stack;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** From a registration to 253 free ports, by real services on a real OVN, against the bare writes in the same run. */
class NodeOfAWholeSubnetTest {
    private static final int PORTS = 253;

    /** The bound: twice the bare writes, and a second. */
    private static final Duration ALLOWANCE = Duration.ofSeconds(1);

    private static final int ROUNDS = 3;

    private final Stack stack = SharedStack.get().stack();
    private final Observed observed = new Observed(stack);

    @Test
    void aNodeOfASlash24IsReadyWithinTwiceTheBareWritesAndASecond() {
        List<Duration> ours = new ArrayList<>();
        List<Duration> bare = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            bare.add(bareWrites(round));
            ours.add(join("wide-" + round));
        }
        Duration best = ours.stream().min(Duration::compareTo).orElseThrow();
        Duration raw = bare.stream().min(Duration::compareTo).orElseThrow();
        System.out.printf("a node of %d ports: %s, the bare writes: %s%n", PORTS, ours, bare);
        assertThat(best).isLessThan(raw.multipliedBy(2).plus(ALLOWANCE));
    }

    private Duration join(String name) {
        String path = "/v1/clusters/" + Stack.CLUSTER + "/nodes/" + name;
        long start = System.nanoTime();
        stack.topologyCalls()
                .put(
                        path,
                        Map.of(
                                "cpus", 64,
                                "memoryMiB", 262_144,
                                "maxPods", 250,
                                "chassis", name,
                                "agent", UUID.randomUUID().toString()))
                .ok();
        await().atMost(SharedStack.LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> observed.ledger(
                                "select count(*)::text from port p join node n on n.id = p.node_id where p.state = 'free' and n.name = '"
                                        + name + "'")
                        .equals(List.of(Integer.toString(PORTS))));
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        Map<String, String> inLedger = observed.portsInLedgerOf(Stack.CLUSTER);
        assertThat(observed.portsInNetwork()).isEqualTo(inLedger);
        assertThat(stack.topologyCalls().delete(path).status()).isEqualTo(204);
        await().atMost(SharedStack.LIMIT)
                .until(() -> stack.topologyCalls().get(path).status() == 404);
        return took;
    }

    private Duration bareWrites(int round) {
        try (OvsdbClient client =
                OvsdbClient.open(OvsdbOptions.of(stack.central().northbound().unixRemote(), "OVN_Northbound"))) {
            client.awaitConnected(Duration.ofSeconds(10));
            UUID router = UUID.randomUUID();
            UUID routerPort = UUID.randomUUID();
            UUID aSwitch = UUID.randomUUID();
            UUID peer = UUID.randomUUID();
            List<UUID> ports = new ArrayList<>();
            List<Operation> insertions = new ArrayList<>();
            for (int i = 0; i < PORTS; i++) {
                UUID port = UUID.randomUUID();
                String address = "0a:58:0a:63:%02x:%02x 10.99.%d.%d".formatted(round, i + 2, round, i + 2);
                ports.add(port);
                insertions.add(Operation.insert(
                                "Logical_Switch_Port",
                                Row.empty()
                                        .with("name", port.toString())
                                        .with("addresses", address)
                                        .with("port_security", address)
                                        .with("external_ids", Map.of("bare", "yes", "key", "port:" + port)))
                        .withId(port));
            }
            insertions.add(Operation.mutate(
                    "Logical_Switch", Mutation.insert("ports", Value.uuids(ports)), Condition.row(aSwitch)));
            long start = System.nanoTime();
            client.transact(
                    Operation.insert(
                                    "Logical_Router_Port",
                                    Row.empty()
                                            .with("name", "bare-rp-" + router)
                                            .with("mac", "0a:58:0a:63:00:01")
                                            .with("networks", "10.99." + round + ".1/24"))
                            .withId(routerPort),
                    Operation.insert(
                                    "Logical_Router",
                                    Row.empty()
                                            .with("name", "bare-" + router)
                                            .with("ports", Value.uuids(List.of(routerPort))))
                            .withId(router),
                    Operation.insert(
                                    "Logical_Switch_Port",
                                    Row.empty()
                                            .with("name", "bare-sp-" + router)
                                            .with("type", "router")
                                            .with("addresses", "router")
                                            .with("options", Map.of("router-port", "bare-rp-" + router)))
                            .withId(peer),
                    Operation.insert(
                                    "Logical_Switch",
                                    Row.empty()
                                            .with("name", "bare-" + aSwitch)
                                            .with("ports", Value.uuids(List.of(peer))))
                            .withId(aSwitch));
            client.transact(insertions);
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            client.transact(
                    Operation.delete("Logical_Switch", Condition.row(aSwitch)),
                    Operation.delete("Logical_Router", Condition.row(router)));
            return took;
        }
    }
}
