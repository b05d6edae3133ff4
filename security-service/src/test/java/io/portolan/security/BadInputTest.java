package io.portolan.security;

import static io.portolan.security.SecurityWorld.allowTcp;
import static io.portolan.security.SecurityWorld.binding;
import static io.portolan.security.SecurityWorld.bindingFor;
import static io.portolan.security.SecurityWorld.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.ipam.Http;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.sdn.SdnSecurity.Abilities;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be is refused by name, and every row is as it was. */
class BadInputTest {
    private static SecurityWorld world;
    private static String cluster;
    private static SecurityWorld.Fleet fleet;
    private static SecurityWorld.Fleet elsewhere;
    private static String web;

    private List<String> before;

    @BeforeAll
    static void start() {
        world = new SecurityWorld();
        world.start("portolan.security.audit.resync=60s");
        cluster = world.cluster();
        fleet = world.fleet(cluster, 4);
        elsewhere = world.fleet(cluster, 1);
        web = world.profile(cluster, "web", allowTcp(80));
        world.enforce(cluster, "web");
        world.networks().shared().foreignGroup("ours-to-see");
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    @BeforeEach
    void remember() {
        before = world.dump(cluster);
    }

    @AfterEach
    void nothingChanged() {
        assertThat(world.dump(cluster)).isEqualTo(before);
    }

    private static Http http() {
        return world.http();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"direction\":\"sideways\"} | invalid | rules[0].direction",
                "{} | invalid | rules[0].direction",
                "{\"direction\":\"ingress\",\"action\":\"ALLOW\"} | invalid | rules[0].action",
                "{\"direction\":\"ingress\",\"priority\":1000} | invalid | rules[0].priority",
                "{\"direction\":\"ingress\",\"priority\":-1} | invalid | rules[0].priority",
                "{\"direction\":\"ingress\",\"protocol\":\"gre\"} | invalid | rules[0].protocol",
                "{\"direction\":\"ingress\",\"ports\":{\"first\":80}} | invalid | rules[0].ports",
                "{\"direction\":\"ingress\",\"protocol\":\"icmp\",\"ports\":{\"first\":80}} | invalid | rules[0].ports",
                "{\"direction\":\"ingress\",\"protocol\":\"tcp\",\"ports\":{\"first\":90,\"last\":80}} | invalid | rules[0].ports",
                "{\"direction\":\"ingress\",\"protocol\":\"tcp\",\"ports\":{\"first\":0}} | invalid | rules[0].ports.first",
                "{\"direction\":\"ingress\",\"protocol\":\"tcp\",\"ports\":{\"first\":1,\"last\":65536}} | invalid | rules[0].ports.last",
                "{\"direction\":\"ingress\",\"remote\":{}} | invalid | rules[0].remote",
                "{\"direction\":\"ingress\",\"remote\":{\"cidr\":\"10.0.0.0/8\",\"profile\":\"web\"}} | invalid | rules[0].remote",
                "{\"direction\":\"ingress\",\"remote\":{\"cidr\":\"10.0.0.1/8\"}} | invalid | rules[0].remote.cidr",
                "{\"direction\":\"ingress\",\"remote\":{\"cidr\":\"fd00::/8\"}} | not-supported | rules[0].remote.cidr",
                "{\"direction\":\"ingress\",\"remote\":{\"profile\":\"nobody\"}} | unknown-profile | rules[0].remote.profile",
                "{\"direction\":\"ingress\",\"remote\":{\"group\":\"of-another-project\"}} | unknown-group | rules[0].remote.group",
                "{\"direction\":\"ingress\",\"remote\":{\"group\":\"drop table;\"}} | invalid | rules[0].remote.group"
            })
    void aRuleThatCannotBeIsRefusedByTheNameOfItsMember(String rule, String slug, String field) {
        http().put(path(cluster, "bad"), "{\"rules\":[" + rule + "]}").assertProblem(400, slug, field);
        http().put(path(cluster, "web"), "{\"rules\":[" + rule + "]}").assertProblem(400, slug, field);
    }

    @Test
    void allowAndDropOfTheSameConnectionsAtOnePriorityAreRefused() {
        String drop =
                "{\"direction\":\"ingress\",\"action\":\"drop\",\"priority\":5,\"remote\":{\"cidr\":\"10.4.0.0/16\"}}";
        for (String allow : List.of(
                "{\"direction\":\"ingress\",\"priority\":5}",
                "{\"direction\":\"ingress\",\"priority\":5,\"protocol\":\"tcp\",\"ports\":{\"first\":80},\"remote\":{\"cidr\":\"10.4.1.0/24\"}}",
                "{\"direction\":\"ingress\",\"priority\":5,\"remote\":{\"profile\":\"web\"}}")) {
            http().put(path(cluster, "bad"), "{\"rules\":[" + drop + "," + allow + "]}")
                    .assertProblem(400, "rules-contradict", "rules[1]");
        }
    }

    @Test
    void namesListsAndLengthsHaveLimits() {
        for (String name :
                List.of("Web", "-web", "a".repeat(64), "we_b", UUID.randomUUID().toString())) {
            http().put(path(cluster, name), "{}").assertProblem(400, "invalid", "name");
        }
        http().put(path(cluster, "bad"), Map.of("description", "x".repeat(257)))
                .assertProblem(400, "invalid", "description");
        http().put(path(cluster, "bad"), Map.of("description", "a\0b")).assertProblem(400, "invalid", "description");
        http().put(path(cluster, "bad"), Map.of("rules", Collections.nCopies(257, allowTcp(80))))
                .assertProblem(400, "invalid", "rules");
        http().put(path(cluster, "bad"), Map.of("namespaces", List.of())).assertProblem(400, "invalid", "namespaces");
        http().put(path(cluster, "bad"), Map.of("namespaces", List.of("ok", "No")))
                .assertProblem(400, "invalid", "namespaces[1]");
        http().put(path(cluster, "bad"), Map.of("namespaces", List.of("ok", "ok")))
                .assertProblem(400, "invalid", "namespaces[1]");
        http().put(path(cluster, "bad"), Map.of("group", "ours-to-see", "rules", List.of(allowTcp(80))))
                .assertProblem(400, "invalid", "rules");
        http().put(path("nowhere", "bad"), "{}").assertProblem(404, "unknown-cluster", "cluster");
        http().get("/v1/clusters/" + cluster + "/security-profiles?limit=257").assertProblem(400, "invalid", "limit");
    }

    @Test
    void aGroupOfAnotherProjectIsNotAdopted() {
        http().put(path(cluster, "bad"), Map.of("group", "of-another-project"))
                .assertProblem(400, "unknown-group", "group");
        http().put(path(cluster, "web"), Map.of("group", "ours-to-see"))
                .assertProblem(409, "profile-immutable", "group");
    }

    @Test
    void whatTheNetworkCannotDoIsRefused() {
        String cloud = world.cluster();
        world.networks().inMemory(world.id(cloud)).abilities(new Abilities(true, false, false, false, 8));
        http().put(path(cloud, "bad"), Map.of("rules", List.of(Map.of("direction", "egress", "action", "drop"))))
                .assertProblem(400, "not-supported", "rules[0].action");
        http().put(path(cloud, "bad"), Map.of("rules", List.of(Map.of("direction", "egress", "priority", 1))))
                .assertProblem(400, "not-supported", "rules[0].priority");
        http().put(path(cloud, "bad"), Map.of("rules", List.of(Map.of("direction", "egress", "log", true))))
                .assertProblem(400, "not-supported", "rules[0].log");
        world.networks().inMemory(world.id(cloud)).abilities(new Abilities(false, true, true, true, 32));
        http().put(path(cloud, "bad"), Map.of("group", "ours-to-see")).assertProblem(400, "not-supported", "group");
        assertThat(world.dump(cloud)).isEmpty();
    }

    @Test
    void poolsAndDefaultsAreOfProfilesThatAreThere() {
        String pools = "/v1/clusters/" + cluster + "/profile-pools/p";
        http().put(pools, Map.of("profiles", List.of(), "size", 1)).assertProblem(400, "invalid", "profiles");
        http().put(pools, Map.of("size", 1)).assertProblem(400, "invalid", "profiles");
        http().put(pools, Map.of("profiles", Collections.singletonList(null), "size", 1))
                .assertProblem(400, "invalid", "profiles[0]");
        http().put(pools, Map.of("profiles", List.of("web", "none"), "size", 1))
                .assertProblem(400, "unknown-profile", "profiles[1]");
        http().put(pools, Map.of("profiles", List.of("web"), "size", 1025)).assertProblem(400, "invalid", "size");
        http().put(pools, Map.of("profiles", List.of("web"), "size", -1)).assertProblem(400, "invalid", "size");
        http().put(pools, Map.of("profiles", List.of("web"), "size", 1, "nodeClass", "gpu"))
                .assertProblem(400, "unknown-node-class", "nodeClass");
        http().put("/v1/clusters/" + cluster + "/security", Map.of("defaultProfiles", List.of("none")))
                .assertProblem(400, "unknown-profile", "defaultProfiles[0]");
    }

    @Test
    void aBindingThatCannotBeIsRefusedWhole() {
        PortId port = fleet.port(0);
        String nobody = UUID.randomUUID().toString();
        world.bind(http(), NodeId.random(), 1, binding(port, web)).assertProblem(404, "unknown-node", "node");
        assertThat(world.bind(http(), fleet.node(), 7, binding(port, web))
                        .assertProblem(409, "stale-epoch", "epoch")
                        .path("epoch")
                        .asLong())
                .isEqualTo(1);
        world.bind(fleet, binding(port, web), binding(PortId.random(), web))
                .assertProblem(404, "unknown-port", "bindings[1].port");
        world.bind(fleet, binding(port, web), binding(elsewhere.port(0), web))
                .assertProblem(409, "port-not-held", "bindings[1].port");
        world.bind(fleet, binding(elsewhere.port(0))).assertProblem(409, "port-not-held", "bindings[0].port");
        world.bind(fleet, binding(port, web, nobody)).assertProblem(400, "unknown-profile", fieldOf(web, nobody));
        world.bind(fleet, binding(port, "web")).assertProblem(400, "invalid", "bindings[0].profiles[0]");
        world.bind(fleet, binding(port, web), binding(port, web)).assertProblem(400, "invalid", "bindings[1].port");
        world.bind(fleet).assertProblem(400, "invalid", "bindings");
        world.bind(
                        fleet,
                        binding(
                                port,
                                Stream.generate(() -> UUID.randomUUID().toString())
                                        .limit(1_000)
                                        .toArray(String[]::new)))
                .assertProblem(400, "too-many-profiles", "bindings[0].profiles");
        http().post(
                        "/v1/nodes/" + fleet.node() + "/bindings",
                        Map.of(
                                "epoch",
                                1,
                                "bindings",
                                IntStream.range(0, 257)
                                        .mapToObj(i -> binding(PortId.random()))
                                        .toList()))
                .assertProblem(400, "invalid", "bindings");
        world.bind(fleet, bindingFor("no/namespace", port, web)).assertProblem(400, "invalid", "bindings[0].pod");
        http().post("/v1/nodes/" + fleet.node() + "/bindings", "{\"epoch\":1,\"bindings\":[{\"port\":\"x\"}]}")
                .assertProblem(400, "invalid", "bindings[0].port");
        http().get("/v1/nodes/" + NodeId.random() + "/security").assertProblem(404, "unknown-node", "node");
    }

    private static String fieldOf(String known, String unknown) {
        return "bindings[0].profiles[%d]"
                .formatted(Stream.of(known, unknown)
                        .map(io.portolan.model.ProfileId::parse)
                        .sorted()
                        .map(Object::toString)
                        .collect(Collectors.toList())
                        .indexOf(unknown));
    }

    @Test
    void aClusterWithoutSecurityBindsNothing() {
        String open = world.cluster();
        SecurityWorld.Fleet ports = world.fleet(open, 1);
        world.bind(ports, binding(ports.port(0))).assertProblem(409, "security-not-enforced", "");
        assertThat(http().get("/v1/nodes/" + ports.node() + "/security")
                        .json()
                        .path("enforced")
                        .asBoolean())
                .isFalse();
        assertThat(world.dump(open)).isEmpty();
    }
}
