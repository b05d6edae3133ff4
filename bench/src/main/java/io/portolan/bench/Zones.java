package io.portolan.bench;

import io.portolan.ovsdb.Atom;
import io.portolan.ovsdb.Condition;
import io.portolan.ovsdb.Mutation;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.Row;
import io.portolan.ovsdb.Value;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What a zone knows of nodes that are in other zones, as OVN interconnection has it, as rows. */
final class Zones {
    private static final UUID TRANSIT = OneRouter.id("transit");

    private Zones() {}

    /** The switch between the zones, and the router's port on it. */
    static List<Operation> transit(UUID router) {
        return List.of(
                Operation.insert(
                                "Logical_Router_Port",
                                Row.empty()
                                        .with("name", "rp-transit")
                                        .with("mac", mac(0))
                                        .with("networks", address(0) + "/16"))
                        .withId(OneRouter.id("rp-transit")),
                Operation.mutate(
                        "Logical_Router",
                        Mutation.insert("ports", Atom.of(OneRouter.id("rp-transit"))),
                        Condition.row(router)),
                Operation.insert(
                                "Logical_Switch_Port",
                                Row.empty()
                                        .with("name", "sp-transit")
                                        .with("type", "router")
                                        .with("addresses", "router")
                                        .with("options", Map.of("router-port", "rp-transit")))
                        .withId(OneRouter.id("sp-transit")),
                Operation.insert(
                                "Logical_Switch",
                                Row.empty().with("name", "transit").with("ports", OneRouter.id("sp-transit")))
                        .withId(TRANSIT));
    }

    /** Another zone's router on that switch, and the way to its node's pods. */
    static List<Operation> remote(UUID router, int node) {
        UUID port = OneRouter.id("remote-" + node);
        UUID route = OneRouter.id("to-" + node);
        return List.of(
                Operation.insert(
                                "Logical_Switch_Port",
                                Row.empty()
                                        .with("name", "remote-" + node)
                                        .with("type", "remote")
                                        .with("addresses", mac(node) + " " + address(node))
                                        .with("options", Map.of("requested-chassis", OneRouter.chassis(node))))
                        .withId(port),
                Operation.mutate("Logical_Switch", Mutation.insert("ports", Atom.of(port)), Condition.row(TRANSIT)),
                Operation.insert(
                                "Logical_Router_Static_Route",
                                Row.empty()
                                        .with("ip_prefix", OneRouter.subnet(node))
                                        .with("nexthop", address(node)))
                        .withId(route),
                Operation.mutate(
                        "Logical_Router", Mutation.insert("static_routes", Atom.of(route)), Condition.row(router)));
    }

    static List<Operation> remoteChassis(int node) {
        UUID encapsulation = OneRouter.id("encap-" + node);
        String name = OneRouter.chassis(node);
        return List.of(
                Operation.insert(
                                "Encap",
                                Row.empty()
                                        .with("type", "geneve")
                                        .with("ip", "198.51.%d.%d".formatted(100 + node / 250, node % 250 + 1))
                                        .with("chassis_name", name))
                        .withId(encapsulation),
                Operation.insert(
                        "Chassis",
                        Row.empty()
                                .with("name", name)
                                .with("hostname", name)
                                .with("encaps", Value.uuids(List.of(encapsulation)))
                                .with("other_config", Map.of("is-remote", "true"))));
    }

    private static String address(int node) {
        return "100.88.%d.%d".formatted(node / 250, node % 250 + 1);
    }

    private static String mac(int node) {
        return "0a:58:64:58:%02x:%02x".formatted(node / 250, node % 250 + 1);
    }
}
