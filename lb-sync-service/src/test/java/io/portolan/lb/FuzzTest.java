package io.portolan.lb;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** No request, however malformed or hostile, makes lb-sync-service fail, tell of its inside, or write half of it. */
class FuzzTest {
    @Test
    void noRequestMakesItFail() throws IOException, SQLException {
        try (LbWorld world = new LbWorld(new TestingNetworks())) {
            TestingKubernetes kubernetes = world.cluster("blue", "testing:");
            world.cluster("dark", "testing:");
            world.node("blue", "node-1");
            LbReplica replica = world.start();
            world.watch("blue", "203.0.113.0/28");
            kubernetes.apply(TestingKubernetes.clusterService("web", "10.96.0.10"));
            world.active("blue", "web");
            Map<String, Object> spec = LbWorld.spec("blue", "203.0.113.0/28");
            Map<String, Object> full = LbWorld.spec("dark", "203.0.113.0/28", "198.51.100.0/30");
            full.put("loadBalancerClass", "example.com/lb");
            full.put("unclassed", false);
            full.put("clusterAddressesOutside", true);
            full.put("nodePortCidrs", List.of("10.0.0.0/8"));
            full.put("nodePortAddresses", List.of("192.0.2.1"));
            replica.fuzz(world.ledger())
                    .know("cluster", "blue", "blue", "dark", "none")
                    .know("namespace", "ns")
                    .know("name", "web")
                    .know("address", "10.4.0.2", "10.96.0.10")
                    .know("secretRef", "blue", "dark")
                    .example("LoadBalancingSpec", spec, full, Map.of("kubernetes", Map.of("secretRef", "blue")))
                    .run();
        }
    }
}
