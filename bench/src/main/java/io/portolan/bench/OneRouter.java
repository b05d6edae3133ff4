package io.portolan.bench;

import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.testbed.OvnCentral;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * Nodes behind one router as rows of OVN's northbound database, such as the services write them: a switch with its ports, and a
 * router's port that is pinned to the node's own chassis. A row's id follows from its name.
 */
final class OneRouter implements AutoCloseable {
    static final int PORTS = 64;

    private static final int NODES_IN_A_TRANSACTION = 20;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final OvsdbClient northbound;
    private final Rows rows;

    /** @param router one that is there */
    OneRouter(OvnCentral central, UUID router) {
        northbound = OvsdbClient.open(OvsdbOptions.of(central.northbound().unixRemote(), "OVN_Northbound")
                .withTimeouts(PATIENCE, PATIENCE)
                .withProbe(PATIENCE, PATIENCE));
        northbound.awaitConnected(Duration.ofSeconds(10));
        rows = new Rows(router);
    }

    /** With a router of its own. */
    static OneRouter in(OvnCentral central) {
        OneRouter made = new OneRouter(central, id("router"));
        made.write(Operation.insert("Logical_Router", Row.empty().with("name", "router"))
                .withId(id("router")));
        return made;
    }

    static UUID id(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    static String chassis(int node) {
        return "node-" + node;
    }

    static String port(int node, int number) {
        return "port-%d-%d".formatted(node, number);
    }

    /** @param number 0 is the router's */
    static String address(int node, int number) {
        return "10.%d.%d.%d".formatted(64 + node / 256, node % 256, number + 1);
    }

    static String subnet(int node) {
        return address(node, -1) + "/24";
    }

    private static String mac(int node, int number) {
        return "0a:58:0a:%02x:%02x:%02x".formatted(64 + node / 256, node % 256, number + 1);
    }

    Rows rows() {
        return rows;
    }

    void write(Operation... operations) {
        write(List.of(operations));
    }

    void write(List<Operation> operations) {
        northbound.transact(operations);
    }

    void addNodes(int from, int to) {
        for (int first = from; first < to; first += NODES_IN_A_TRANSACTION) {
            List<Operation> operations = new ArrayList<>();
            IntStream.range(first, Math.min(to, first + NODES_IN_A_TRANSACTION))
                    .forEach(node -> operations.addAll(rows.node(node, chassis(node))));
            write(operations);
        }
    }

    /** What writes nodes and ports of theirs. */
    record Rows(UUID router) {
        List<Operation> node(int node, String chassis) {
            String name = chassis(node);
            List<Operation> operations = new ArrayList<>(List.of(
                    Operation.insert(
                                    "Gateway_Chassis",
                                    Row.empty()
                                            .with("name", "pin-" + name)
                                            .with("chassis_name", chassis)
                                            .with("priority", 0))
                            .withId(id("pin-" + name)),
                    Operation.insert(
                                    "Logical_Router_Port",
                                    Row.empty()
                                            .with("name", "rp-" + name)
                                            .with("mac", mac(node, 0))
                                            .with("networks", address(node, 0) + "/24")
                                            .with("gateway_chassis", id("pin-" + name)))
                            .withId(id("rp-" + name)),
                    Operation.mutate(
                            "Logical_Router",
                            Mutation.insert("ports", Atom.of(id("rp-" + name))),
                            Condition.row(router)),
                    Operation.insert(
                                    "Logical_Switch_Port",
                                    Row.empty()
                                            .with("name", "sp-" + name)
                                            .with("type", "router")
                                            .with("addresses", "router")
                                            .with("options", Map.of("router-port", "rp-" + name)))
                            .withId(id("sp-" + name)),
                    Operation.insert(
                                    "Logical_Switch",
                                    Row.empty().with("name", name).with("ports", id("sp-" + name)))
                            .withId(id(name))));
            operations.addAll(ports(node, 1, PORTS));
            return operations;
        }

        List<Operation> withoutNode(int node) {
            String name = chassis(node);
            return List.of(
                    Operation.delete("Logical_Switch", Condition.row(id(name))),
                    Operation.mutate(
                            "Logical_Router",
                            Mutation.delete("ports", Atom.of(id("rp-" + name))),
                            Condition.row(router)));
        }

        /** The ports of these numbers, from the first to the last. */
        List<Operation> ports(int node, int first, int last) {
            List<Operation> operations = new ArrayList<>();
            for (int number = first; number <= last; number++) {
                String addresses = mac(node, number) + " " + address(node, number);
                operations.add(Operation.insert(
                                "Logical_Switch_Port",
                                Row.empty()
                                        .with("name", port(node, number))
                                        .with("addresses", addresses)
                                        .with("port_security", addresses))
                        .withId(id(port(node, number))));
            }
            operations.add(onSwitch(node, Mutation.insert("ports", rows(node, first, last))));
            return operations;
        }

        Operation withoutPorts(int node, int first, int last) {
            return onSwitch(node, Mutation.delete("ports", rows(node, first, last)));
        }

        private static Value rows(int node, int first, int last) {
            return Value.uuids(IntStream.rangeClosed(first, last)
                    .mapToObj(number -> id(port(node, number)))
                    .toList());
        }

        private static Operation onSwitch(int node, Mutation mutation) {
            return Operation.mutate("Logical_Switch", mutation, Condition.row(id(chassis(node))));
        }
    }

    @Override
    public void close() {
        northbound.close();
    }
}
