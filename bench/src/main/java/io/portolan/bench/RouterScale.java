package io.portolan.bench;

import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What one router with 100 and with 1,000 switches of 64 ports costs OVN, change by change, and what it costs a chassis; and a zone
 * of one node that knows 999 others. {@code docs/scale.md} draws the conclusions.
 */
final class RouterScale implements Harness {
    private static final List<Integer> NODES = List.of(100, Integer.getInteger("bench.switches", 1_000));

    /** A change is repeated so often, or until it has cost northd this many milliseconds. */
    private static final int MOST_REPEATS = 3;

    private static final double MOST_CPU = 5_000;

    private static final Condition ROUTER = Condition.row(OneRouter.id("router"));
    private static final Condition GROUP = Condition.row(OneRouter.id("group"));
    private static final Condition BALANCER = Condition.row(OneRouter.id("balancer"));
    private static final Condition PORT = Condition.row(OneRouter.id(OneRouter.port(1, 1)));

    /** A change and how it is taken back. */
    private record Change(String name, List<Operation> there, List<Operation> back) {}

    private final List<Figure> figures = new ArrayList<>();

    @Override
    public String name() {
        return "scale";
    }

    @Override
    public List<Figure> measure() {
        NODES.forEach(this::oneRouter);
        zone(NODES.getLast());
        return figures;
    }

    private void tell(String setting, String what, double value, String unit) {
        Figure figure = Figure.told(setting + ": " + what, value, unit);
        Bench.say("%s %.1f %s".formatted(figure.name(), value, unit));
        figures.add(figure);
    }

    private void oneRouter(int nodes) {
        String setting = nodes + " switches";
        try (Workspace workspace = Workspace.create()) {
            OvnCentral central = OvnCentral.in(workspace).start();
            OvnLoad load = OvnLoad.of(central);
            try (OneRouter router = OneRouter.in(central)) {
                double built = load.northd(() -> {
                    router.addNodes(0, nodes);
                    router.write(shared());
                });
                tell(setting, "northd's first build", built, "ms");
                central(setting, central);
                changes(router.rows(), nodes).forEach(change -> cost(setting, load, router, change));
                chassis(setting, workspace, central, load, router);
            }
        }
    }

    private void central(String setting, OvnCentral central) {
        tell(setting, "logical flows", logicalFlows(central.southbound()), "");
        tell(setting, "northbound database", OvnLoad.memory(central.northbound().daemon()), "MiB");
        tell(setting, "southbound database", OvnLoad.memory(central.southbound().daemon()), "MiB");
        tell(setting, "northd", OvnLoad.memory(central.northd()), "MiB");
    }

    private static int logicalFlows(OvsdbServer southbound) {
        try (OvsdbClient client = OvsdbClient.open(OvsdbOptions.of(southbound.unixRemote(), "OVN_Southbound"))) {
            return client.transact(
                            Duration.ofMinutes(2),
                            List.of(Operation.select("Logical_Flow").columns("_uuid")))
                    .rows(0)
                    .size();
        }
    }

    private void cost(String setting, OvnLoad load, OneRouter router, Change change) {
        double there = 0;
        double back = 0;
        int repeats = 0;
        while (repeats < MOST_REPEATS && there + back < MOST_CPU) {
            there += load.northd(() -> router.write(change.there()));
            back += load.northd(() -> router.write(change.back()));
            repeats++;
        }
        tell(setting, change.name(), there / repeats, "ms");
        tell(setting, change.name() + ", back", back / repeats, "ms");
    }

    /** A balancer on every switch, and a port group with an address set. */
    private static List<Operation> shared() {
        return List.of(
                Operation.insert(
                                "Load_Balancer",
                                Row.empty()
                                        .with("name", "balancer")
                                        .with("protocol", "tcp")
                                        .with("vips", Map.of("10.96.0.1:80", backends(2))))
                        .withId(OneRouter.id("balancer")),
                Operation.insert(
                                "Load_Balancer_Group",
                                Row.empty().with("name", "all").with("load_balancer", OneRouter.id("balancer")))
                        .withId(OneRouter.id("balancers")),
                Operation.update("Logical_Switch", Row.empty().with("load_balancer_group", OneRouter.id("balancers"))),
                Operation.insert(
                        "Address_Set", Row.empty().with("name", "friends").with("addresses", OneRouter.address(1, 1))),
                acl("friends", "outport == @group && ip4.src == $friends"),
                Operation.insert(
                                "Port_Group",
                                Row.empty()
                                        .with("name", "group")
                                        .with("ports", OneRouter.id(OneRouter.port(0, 1)))
                                        .with("acls", OneRouter.id("friends")))
                        .withId(OneRouter.id("group")));
    }

    private static Operation acl(String name, String match) {
        return Operation.insert(
                        "ACL",
                        Row.empty()
                                .with("direction", "to-lport")
                                .with("priority", 1001)
                                .with("match", match)
                                .with("action", "allow-related"))
                .withId(OneRouter.id(name));
    }

    private static String backends(int count) {
        List<String> backends = new ArrayList<>();
        for (int node = 0; node < count; node++) {
            backends.add(OneRouter.address(node, 1) + ":80");
        }
        return String.join(",", backends);
    }

    private static List<Change> changes(OneRouter.Rows rows, int nodes) {
        int next = OneRouter.PORTS + 1;
        Value member = Atom.of(OneRouter.id(OneRouter.port(1, 1)));
        Value friend = Atom.of(OneRouter.address(1, 2));
        Value acl = Atom.of(OneRouter.id("another"));
        Value route = Atom.of(OneRouter.id("route"));
        return List.of(
                new Change(
                        "words in a port's external_ids",
                        List.of(Operation.update(
                                "Logical_Switch_Port", Row.empty().with("external_ids", Map.of("a", "b")), PORT)),
                        List.of(Operation.update(
                                "Logical_Switch_Port", Row.empty().with("external_ids", Value.emptyMap()), PORT))),
                new Change("a port", rows.ports(1, next, next), List.of(rows.withoutPorts(1, next, next))),
                new Change(
                        "64 ports at once",
                        rows.ports(1, next, next + 63),
                        List.of(rows.withoutPorts(1, next, next + 63))),
                new Change(
                        "a backend of a balancer",
                        List.of(Operation.update(
                                "Load_Balancer",
                                Row.empty().with("vips", Map.of("10.96.0.1:80", backends(3))),
                                BALANCER)),
                        List.of(Operation.update(
                                "Load_Balancer",
                                Row.empty().with("vips", Map.of("10.96.0.1:80", backends(2))),
                                BALANCER))),
                new Change(
                        "a port of a port group",
                        List.of(Operation.mutate("Port_Group", Mutation.insert("ports", member), GROUP)),
                        List.of(Operation.mutate("Port_Group", Mutation.delete("ports", member), GROUP))),
                new Change(
                        "an address of an address set",
                        List.of(Operation.mutate("Address_Set", Mutation.insert("addresses", friend))),
                        List.of(Operation.mutate("Address_Set", Mutation.delete("addresses", friend)))),
                new Change(
                        "an ACL",
                        List.of(
                                acl("another", "outport == @group && tcp.dst == 81"),
                                Operation.mutate("Port_Group", Mutation.insert("acls", acl), GROUP)),
                        List.of(Operation.mutate("Port_Group", Mutation.delete("acls", acl), GROUP))),
                new Change(
                        "a route",
                        List.of(
                                Operation.insert(
                                                "Logical_Router_Static_Route",
                                                Row.empty()
                                                        .with("ip_prefix", "192.168.7.0/24")
                                                        .with("nexthop", OneRouter.address(1, 1)))
                                        .withId(OneRouter.id("route")),
                                Operation.mutate("Logical_Router", Mutation.insert("static_routes", route), ROUTER)),
                        List.of(Operation.mutate("Logical_Router", Mutation.delete("static_routes", route), ROUTER))),
                new Change(
                        "a switch of 64 ports", rows.node(nodes, OneRouter.chassis(nodes)), rows.withoutNode(nodes)));
    }

    private void chassis(String setting, Workspace workspace, OvnCentral central, OvnLoad load, OneRouter router) {
        List<NodeHost> started = new ArrayList<>();
        Fabric fabric = Fabric.create(workspace);
        tell(
                setting,
                "a chassis joins",
                load.northd(() -> started.add(NodeHost.in(workspace, fabric, central, OneRouter.chassis(0))
                        .start())),
                "ms");
        NodeHost node = started.getFirst();
        OvnLoad all = OvnLoad.of(central, node.controller());
        all.awaitRest();
        tell(setting, "the first port is bound", all.northd(() -> bind(node, 1)), "ms");
        tell(setting, "another one is bound", all.northd(() -> bind(node, 2)), "ms");
        tell(setting, "it is unbound", all.northd(() -> node.vsctl("del-port", "br-int", "pod2")), "ms");
        flows(setting + ", pinned", node, all);
        all.northd(() -> router.write(
                Operation.update("Logical_Router_Port", Row.empty().with("gateway_chassis", Value.emptySet()))));
        flows(setting + ", not pinned", node, all);
    }

    private static void bind(NodeHost node, int port) {
        String device = "pod" + port;
        node.vsctl(
                "add-port",
                "br-int",
                device,
                "--",
                "set",
                "Interface",
                device,
                "type=internal",
                "external_ids:iface-id=" + OneRouter.port(0, port));
    }

    private void flows(String setting, NodeHost node, OvnLoad all) {
        int flows = -1;
        for (int now = 0; now != flows; now = flowsOf(node)) {
            flows = now;
            all.awaitRest();
        }
        tell(setting, "flows on a chassis", flows, "");
        tell(setting, "ovn-controller", OvnLoad.memory(node.controller()), "MiB");
        tell(setting, "ovs-vswitchd", OvnLoad.memory(node.vswitch()), "MiB");
    }

    private static int flowsOf(NodeHost node) {
        String counts = node.namespace()
                .command(
                        "ovs-ofctl",
                        "dump-aggregate",
                        "unix:" + node.directory().resolve("br-int.mgmt"))
                .output();
        return Integer.parseInt(counts.replaceAll("(?s).*flow_count=(\\d+).*", "$1"));
    }

    /** One node of its own; of each other one an address on the transit switch, a route and a chassis. */
    private void zone(int nodes) {
        String setting = "zone of 1 in " + nodes;
        try (Workspace workspace = Workspace.create()) {
            OvnCentral central = OvnCentral.in(workspace).start();
            OvnLoad load = OvnLoad.of(central);
            try (OneRouter router = OneRouter.in(central);
                    OvsdbClient southbound = OvsdbClient.open(
                            OvsdbOptions.of(central.southbound().unixRemote(), "OVN_Southbound"))) {
                double built = load.northd(() -> {
                    router.addNodes(0, 1);
                    router.write(shared());
                    router.write(Zones.transit(router.rows().router()));
                    for (int other = 1; other < nodes - 1; other++) {
                        southbound.transact(Zones.remoteChassis(other));
                        router.write(Zones.remote(router.rows().router(), other));
                    }
                });
                tell(setting, "northd's first build", built, "ms");
                tell(
                        setting,
                        "another node elsewhere",
                        load.northd(() -> {
                            southbound.transact(Zones.remoteChassis(nodes - 1));
                            router.write(Zones.remote(router.rows().router(), nodes - 1));
                        }),
                        "ms");
                central(setting, central);
                int next = OneRouter.PORTS + 1;
                OneRouter.Rows rows = router.rows();
                cost(
                        setting,
                        load,
                        router,
                        new Change("a port", rows.ports(0, next, next), List.of(rows.withoutPorts(0, next, next))));
                NodeHost node = NodeHost.in(workspace, Fabric.create(workspace), central, OneRouter.chassis(0))
                        .externalId("ovn-is-interconn", "true")
                        .start();
                OvnLoad all = OvnLoad.of(central, node.controller());
                all.awaitRest();
                tell(setting, "the first port is bound", all.northd(() -> bind(node, 1)), "ms");
                tell(setting, "another one is bound", all.northd(() -> bind(node, 2)), "ms");
                flows(setting, node, all);
            }
        }
    }
}
