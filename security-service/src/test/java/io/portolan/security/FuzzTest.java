package io.portolan.security;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** No request, however malformed or hostile, makes security-service fail, tell of its inside, or write half of it. */
class FuzzTest {
    @Test
    void noRequestMakesItFail() throws IOException, SQLException {
        try (SecurityWorld world = new SecurityWorld()) {
            SecurityReplica replica = world.start();
            String cluster = world.cluster();
            String other = world.cluster();
            SecurityWorld.Fleet fleet = world.fleet(cluster, 8);
            String web = world.profile(cluster, "web", SecurityWorld.allowTcp(80));
            String db = world.profile(cluster, "db", SecurityWorld.allowTcp(5432));
            world.enforce(cluster, "web");
            replica.fuzz(world.ledger())
                    .know("cluster", cluster, cluster, other)
                    .know("node", fleet.node())
                    .know("name", "web", "db", "spare", "idle")
                    .know("port", fleet.ports().toArray())
                    .know("profiles", web, db)
                    .know("profile", "web", "db", web)
                    .know("defaultProfiles", "web", db)
                    .know("epoch", 1, 1, 0)
                    .know("direction", "ingress", "egress")
                    .know("action", "allow", "drop")
                    .know("protocol", "tcp", "udp", "any", "icmp")
                    .know("priority", 0, 5, 999)
                    .know("first", 80)
                    .know("last", 80, 90)
                    .know("cidr", "10.0.0.0/8")
                    .example(
                            "ProfileClaim",
                            Map.of("rules", List.of(SecurityWorld.allowTcp(80))),
                            Map.of(
                                    "description",
                                    "what the shop has",
                                    "namespaces",
                                    List.of("shop"),
                                    "rules",
                                    List.of(
                                            Map.of("direction", "egress"),
                                            Map.of("direction", "ingress", "remote", Map.of("profile", "web")),
                                            Map.of("direction", "ingress", "remote", Map.of("cidr", "10.0.0.0/8")))))
                    .example("SecurityClaim", Map.of("defaultProfiles", List.of("web")), Map.of())
                    .example("PoolClaim", Map.of("profiles", List.of("web", "db"), "size", 4))
                    .example(
                            "BindingRequest",
                            Map.of("epoch", 1, "bindings", List.of(SecurityWorld.binding(fleet.port(0), web))),
                            Map.of("epoch", 1, "bindings", List.of(SecurityWorld.binding(fleet.port(0)))),
                            Map.of(
                                    "epoch",
                                    1,
                                    "bindings",
                                    List.of(
                                            SecurityWorld.binding(fleet.port(1), db, web),
                                            SecurityWorld.binding(fleet.port(2)))))
                    .mayBeUnable("network-unavailable")
                    .mayHaveBeenWritten("network-unavailable")
                    .run();
        }
    }
}
