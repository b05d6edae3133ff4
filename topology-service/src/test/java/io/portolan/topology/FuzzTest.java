package io.portolan.topology;

import io.portolan.model.api.CacheReport;
import io.portolan.model.api.NodeView;
import io.portolan.topology.cluster.ClusterView;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** No request, however malformed or hostile, makes topology-service fail, tell of its inside, or write half of it. */
class FuzzTest {
    private static Map<String, Object> without(Map<String, Object> spec, String key) {
        spec.remove(key);
        return spec;
    }

    @Test
    void noRequestMakesItFail() throws IOException, SQLException {
        try (TopologyWorld world = new TopologyWorld()) {
            TopologyReplica replica = world.start();
            ClusterView cluster = world.ready(TopologyWorld.name(), "10.4.0.0/16");
            ClusterView other = world.ready(TopologyWorld.name(), "10.5.0.0/20");
            ClusterView third = world.ready(TopologyWorld.name(), "10.6.0.0/20");
            NodeView node = world.join(cluster.name().value(), "node-1");
            Map<String, Object> gateway =
                    TopologyWorld.with(GatewayTest.gateway(), "floatingCidrs", List.of("203.0.113.64/28"));
            world.http()
                    .put("/v1/clusters/" + cluster.name() + "/gateway", gateway)
                    .assertStatus(201);
            world.sql("update node set last_seen = last_seen - interval '1 hour'");
            Map<String, Object> spec = TopologyWorld.spec("10.4.0.0/16");
            replica.fuzz(world.ledger())
                    .besides("audit", "audit_finding")
                    .know("cluster", cluster.name(), third.name(), other.name(), "fresh", "fresher")
                    .know("node", "node-1", "node-1", "node-2", "node-3")
                    .know("name", "web", "api", "db")
                    .know("epoch", node.epoch(), 1, 0)
                    .know("mode", "overlay", "underlay")
                    .know("endpoints", "testing:", "memory:")
                    .know("podCidrs", "10.4.0.0/16", "10.8.0.0/16", "10.5.0.0/20")
                    .know("serviceCidr", "10.96.0.0/12")
                    .know("address", "203.0.113.65", "203.0.113.1")
                    .know("portAddress", "10.4.0.3")
                    .know("floatingCidrs", "203.0.113.64/28")
                    .know("noSnatCidrs", "192.168.0.0/16")
                    .know("network", "203.0.113.0/24")
                    .know("nextHop", "203.0.113.254")
                    .know("chassis", "edge-1", "node-2-chassis")
                    .know("kind", "port-missing", "orphan")
                    .example(
                            "ClusterSpec",
                            spec,
                            TopologyWorld.with(spec, "serviceCidr", "10.96.0.0/12"),
                            TopologyWorld.with(
                                    TopologyWorld.spec("10.4.0.0/16", "10.8.0.0/16"),
                                    "nodeClasses",
                                    Map.of(
                                            "big",
                                            Map.of("podsPerCpu", 10, "podsPerGiB", 4, "minPods", 8, "maxPods", 100))))
                    .example("GatewayClaim", gateway, without(GatewayTest.gateway(), "chassis"))
                    .example(
                            "FloatingIpClaim",
                            Map.of(),
                            Map.of("pod", Map.of("namespace", "ns", "name", "p")),
                            Map.of("address", "203.0.113.70", "pod", Map.of("namespace", "ns", "name", "q")))
                    .example(
                            "NodeRegistration",
                            TopologyWorld.registration("node-1-chassis"),
                            TopologyWorld.registration("node-2-chassis"),
                            TopologyWorld.with(
                                    TopologyWorld.registration("node-3-chassis"),
                                    "demand",
                                    Map.of("used", 3, "pending", 1)))
                    .example(
                            "CacheReport",
                            new CacheReport(node.epoch(), "d1", null),
                            new CacheReport(
                                    node.epoch(),
                                    "d2",
                                    List.of(new CacheReport.Item(
                                            new io.portolan.model.PortId(UUID.randomUUID()), "bound", "s", "eth0"))))
                    .mayBeUnable("audit-under-way", "floating-ips-exhausted")
                    .run();
        }
    }
}
