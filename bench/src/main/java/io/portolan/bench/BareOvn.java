package io.portolan.bench;

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

/** A node's switch and ports as rows of OVN's northbound database, in two transactions. */
final class BareOvn implements FillingStack.BareClient {
    private final OvsdbClient client;

    BareOvn(String northbound) {
        client = OvsdbClient.open(OvsdbOptions.of(northbound, "OVN_Northbound"));
        client.awaitConnected(Duration.ofSeconds(10));
    }

    @Override
    public double fill(int round, int ports) {
        UUID router = UUID.randomUUID();
        UUID node = UUID.randomUUID();
        List<Operation> topology = topology(round, router, node);
        List<Operation> insertions = ports(round, ports, node);
        long start = System.nanoTime();
        client.transact(topology);
        client.transact(insertions);
        double took = (System.nanoTime() - start) / 1e9;
        client.transact(
                Operation.delete("Logical_Switch", Condition.row(node)),
                Operation.delete("Logical_Router", Condition.row(router)));
        return took;
    }

    private static List<Operation> topology(int round, UUID router, UUID node) {
        UUID routerPort = UUID.randomUUID();
        UUID peer = UUID.randomUUID();
        return List.of(
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
                                Row.empty().with("name", "bare-" + node).with("ports", Value.uuids(List.of(peer))))
                        .withId(node));
    }

    private static List<Operation> ports(int round, int count, UUID node) {
        List<UUID> ports = new ArrayList<>();
        List<Operation> insertions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
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
        insertions.add(
                Operation.mutate("Logical_Switch", Mutation.insert("ports", Value.uuids(ports)), Condition.row(node)));
        return insertions;
    }

    @Override
    public void close() {
        client.close();
    }
}
