package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.NodeId;
import io.portolan.model.PortId;
import io.portolan.model.api.NodeView;
import io.portolan.sdn.PortSpec;
import io.portolan.sdn.SdnBindings.Binding;
import io.portolan.topology.cluster.ClusterView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two nodes whose ledger, network, bindings and caches agree, and in every test one thing that does not. The loops look
 * seldom here, so that nobody mends it before the audit has seen it.
 */
class AuditTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String DIGEST = "0123456789abcdef";
    private static TopologyWorld world;

    private ClusterView cluster;
    private NodeView first;
    private NodeView second;

    /** What the nodes say that they hold, by port: the state, and the sandbox where there is one. */
    private final Map<String, Map<String, Object>> firstHolds = new TreeMap<>();

    private final Map<String, Map<String, Object>> secondHolds = new TreeMap<>();

    @BeforeAll
    static void start() {
        world = new TopologyWorld("portolan.ipam.upkeep.interval=1h");
        world.start(
                "portolan.audit.period=1h",
                "portolan.audit.grace=200ms",
                "portolan.topology.nodes.resync=1h",
                "portolan.topology.clusters.resync=1h");
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    @BeforeEach
    void twoNodesThatAgreeWithEverybody() {
        String name = TopologyWorld.name();
        cluster = world.ready(name, "10.4.0.0/16");
        first = world.join(name, "node-1");
        second = world.join(name, "node-2");
        lease(first, firstHolds, 4);
        lease(second, secondHolds, 4);
        bind(firstHolds.keySet().iterator().next(), first, firstHolds, "s1");
        tell(first, firstHolds);
        tell(second, secondHolds);
        settle();
    }

    private void lease(NodeView node, Map<String, Map<String, Object>> holds, int count) {
        for (String port : world.rows("select id from port where node_id = '%s' and state = 'free' order by ip limit %d"
                .formatted(node.id(), count))) {
            set(port, "state = 'leased', lease_epoch = 1");
            holds.put(port, Map.of("port", port, "state", "free"));
            bound(port, new Binding(node.chassis(), true));
        }
    }

    private void bind(String port, NodeView node, Map<String, Map<String, Object>> holds, String sandbox) {
        set(port, "state = 'bound', lease_epoch = 1, sandbox = '%s', interface = 'eth0'".formatted(sandbox));
        holds.put(port, Map.of("port", port, "state", "bound", "sandbox", sandbox, "networkInterface", "eth0"));
        bound(port, new Binding(node.chassis(), true));
    }

    private static void set(String port, String what) {
        world.sql(
                "update port set %s, changed_at = clock_timestamp(), changed_by = 'test', revision = revision + 1 where id = '%s'"
                        .formatted(what, port));
    }

    private TestingNetwork.One network() {
        return world.network.of(cluster.id());
    }

    private void bound(String port, Binding binding) {
        network().bindings.put(port, binding);
    }

    private String path(String rest) {
        return "/v1/clusters/" + cluster.name() + rest;
    }

    private void tell(NodeView node, Map<String, Map<String, Object>> holds) {
        world.http()
                .put(
                        path("/nodes/" + node.name() + "/cache"),
                        Map.of("epoch", 1, "digest", DIGEST, "ports", new ArrayList<>(holds.values())))
                .assertStatus(200);
    }

    /** As if all that was said and done so far was a while ago. */
    private void settle() {
        world.sql(
                "update port set changed_at = changed_at - interval '1 minute' where cluster_id = '%s' and changed_at > now() - interval '30 seconds'"
                        .formatted(cluster.id()));
    }

    private JsonNode audit() {
        return JSON.readTree(world.http().get(path("/audit")).assertStatus(200).body());
    }

    /** Kinds with the ports or nodes that they are about. */
    private static Map<String, Set<String>> found(JsonNode audit) {
        Map<String, Set<String>> found = new TreeMap<>();
        audit.path("findings")
                .forEach(finding -> found.computeIfAbsent(finding.path("kind").asString(), kind -> new TreeSet<>())
                        .add(finding.path("port").asString(finding.path("node").asString())));
        return found;
    }

    private static String first(Map<String, Map<String, Object>> holds) {
        return holds.keySet().iterator().next();
    }

    /** One on lease that no pod has. */
    private String idle() {
        return firstHolds.values().stream()
                .filter(port -> port.get("state").equals("free"))
                .map(port -> port.get("port").toString())
                .findFirst()
                .orElseThrow();
    }

    private String nobodys() {
        return world.rows("select id from port where node_id = '%s' and state = 'free' order by ip limit 1"
                        .formatted(first.id()))
                .getFirst();
    }

    private void assertFinds(String kind, String subject) {
        settle();
        JsonNode audit = audit();
        assertThat(found(audit)).as(audit.toString()).isEqualTo(Map.of(kind, Set.of(subject)));
        assertThat(audit.path("clean").asBoolean()).isFalse();
        assertThat(audit.path("counts"))
                .singleElement()
                .satisfies(count -> assertThat(count.path("count").asInt()).isEqualTo(1));
    }

    @Test
    void fourThatAgreeAreClean() {
        JsonNode audit = audit();
        assertThat(found(audit)).as(audit.toString()).isEmpty();
        assertThat(audit.path("clean").asBoolean()).isTrue();
        assertThat(audit.path("nodes").asInt()).isEqualTo(2);
        assertThat(audit.path("caches").asInt()).isEqualTo(2);
        assertThat(audit.path("ports").asInt()).isEqualTo(58);
        assertThat(audit.path("parts")
                        .valueStream()
                        .map(part -> part.path("state").asString()))
                .containsExactly("read", "read", "read");
    }

    @Test
    void aPortThatTheNetworkLostIsFound() {
        String port = idle();
        network().memory.delete(first.id(), List.of(PortId.parse(port)));
        assertFinds("missing-in-network", port);
    }

    @Test
    void aPortThatTheNetworkHasOtherwiseIsFound() {
        String port = idle();
        network()
                .memory
                .ensure(
                        first.id(),
                        List.of(new PortSpec(
                                PortId.parse(port),
                                first.subnets().getFirst().id(),
                                MacAddress.parse("0a:58:01:02:03:04"),
                                List.of(IpAddress.parse("10.99.0.9")),
                                null)));
        assertFinds("differs-in-network", port);
    }

    @Test
    void aPortThatOnlyTheNetworkKnowsIsFound() {
        PortId stray = PortId.random();
        network()
                .memory
                .ensure(
                        first.id(),
                        List.of(new PortSpec(
                                stray,
                                first.subnets().getFirst().id(),
                                MacAddress.parse("0a:58:01:02:03:04"),
                                List.of(IpAddress.parse("10.99.0.9")),
                                null)));
        assertFinds("unknown-to-ledger", stray.toString());
    }

    @Test
    void aSwitchThatIsMissingIsOneFindingAndNotOneForEachOfItsPorts() {
        List<PortId> all = network().memory.list(first.id()).stream()
                .map(port -> port.id())
                .toList();
        network().memory.delete(first.id(), all);
        network().memory.deleteSwitch(first.id());
        assertFinds("switch-missing", "node-1");
    }

    @Test
    void aSwitchOfNoNodeIsFound() {
        NodeId nobody = NodeId.random();
        network()
                .memory
                .ensureSwitch(new io.portolan.sdn.SwitchSpec(
                        nobody,
                        new io.portolan.model.NodeName("nobody"),
                        String.valueOf(cluster.routerId()),
                        first.subnets().stream()
                                .map(s -> new io.portolan.sdn.SwitchSpec.Subnet(
                                        s.id(), s.cidr(), s.gateway(), s.gatewayMac()))
                                .toList(),
                        null,
                        "c",
                        1400));
        assertFinds("switch-unknown", nobody.toString());
    }

    @Test
    void aPortThatAnotherMachineBoundIsFound() {
        String port = idle();
        bound(port, new Binding(second.chassis(), true));
        assertFinds("bound-elsewhere", port);
    }

    @Test
    void aPortThatIsBoundAndNobodysIsFound() {
        String port = nobodys();
        bound(port, new Binding(first.chassis(), true));
        assertFinds("bound-unheld", port);
    }

    @Test
    void aPodWhoseTrafficIsNotCarriedIsFound() {
        String port = first(firstHolds);
        bound(port, new Binding(first.chassis(), false));
        assertFinds("not-bound", port);
    }

    @Test
    void aPortThatTheNodeHoldsAndTheLedgerHasGivenToNobodyIsFound() {
        String port = nobodys();
        firstHolds.put(port, Map.of("port", port, "state", "free"));
        tell(first, firstHolds);
        assertFinds("held-unknown", port);
    }

    @Test
    void aLeaseThatTheNodeDoesNotKnowIsFound() {
        String port = idle();
        firstHolds.remove(port);
        tell(first, firstHolds);
        assertFinds("lease-unknown", port);
    }

    @Test
    void aPodThatOnlyTheNodeKnowsIsFound() {
        String port = idle();
        firstHolds.put(port, Map.of("port", port, "state", "bound", "sandbox", "s9", "networkInterface", "eth0"));
        tell(first, firstHolds);
        assertFinds("use-differs", port);
    }

    @Test
    void aPortWithTwoSandboxesIsFound() {
        String port = first(firstHolds);
        firstHolds.put(port, Map.of("port", port, "state", "bound", "sandbox", "s9", "networkInterface", "eth0"));
        tell(first, firstHolds);
        assertFinds("sandbox-differs", port);
    }

    @Test
    void aPortThatTwoNodesHoldIsFound() {
        String port = first(firstHolds);
        secondHolds.put(port, firstHolds.get(port));
        tell(second, secondHolds);
        assertFinds("held-twice", port);
    }

    @Test
    void aNodeThatSaysNothingIsFoundAndItsCacheIsHeldAgainstNothing() {
        String port = idle();
        firstHolds.remove(port);
        tell(first, firstHolds);
        world.sql(
                "update node_cache set seen_at = now() - interval '10 minutes' where node_id = '%s'"
                        .formatted(first.id()),
                "update node set joined_at = now() - interval '1 hour' where id = '%s'".formatted(first.id()));
        assertFinds("cache-unseen", "node-1");
    }

    @Test
    void lesson23WhatCannotBeReadIsNamedAndNothingIsFoundByIt() {
        bound(idle(), new Binding(second.chassis(), true));
        network().bindingsDown = true;
        JsonNode audit = audit();
        assertThat(found(audit)).isEmpty();
        assertThat(audit.path("clean").asBoolean()).isFalse();
        assertThat(audit.path("parts")
                        .valueStream()
                        .filter(part -> part.path("name").asString().equals("bindings"))
                        .map(part -> part.path("state").asString()
                                + (part.path("reason").asString("").contains("cannot be read")
                                        ? " with its reason"
                                        : "")))
                .containsExactly("unreadable with its reason");
        network().bindingsDown = false;
        network().down = true;
        audit = audit();
        assertThat(found(audit)).isEmpty();
        assertThat(audit.path("parts")
                        .valueStream()
                        .filter(part -> part.path("state").asString().equals("unreadable"))
                        .map(part -> part.path("name").asString()))
                .containsExactly("network", "bindings");
        network().down = false;
    }

    @Test
    void whatIsOnItsWayIsNotFound() {
        String port = idle();
        firstHolds.put(port, Map.of("port", port, "state", "bound", "sandbox", "s9", "networkInterface", "eth0"));
        tell(first, firstHolds);
        set(port, "state = 'bound', sandbox = 's8', interface = 'eth0'");
        assertThat(found(audit())).isEmpty();
    }

    @Test
    void aFindingGrowsOldAndIsForgottenWhenItIsOver() {
        String port = first(firstHolds);
        bound(port, new Binding(first.chassis(), false));
        JsonNode before = audit().path("findings").path(0);
        JsonNode after = audit().path("findings").path(0);
        assertThat(before.path("kind").asString()).isEqualTo("not-bound");
        assertThat(after.path("firstSeen")).isEqualTo(before.path("firstSeen"));
        assertThat(after.path("says").path("bindings").asString()).isEqualTo("bound at node-1-chassis, down");
        bound(port, new Binding(first.chassis(), true));
        assertThat(audit().path("clean").asBoolean()).isTrue();
        assertThat(world.rows("select subject from audit_finding where cluster_id = '%s'".formatted(cluster.id())))
                .isEmpty();
    }

    @Test
    void findingsComeInPagesBehindTheirCounts() {
        for (String port : firstHolds.keySet()) {
            bound(port, new Binding("elsewhere", true));
        }
        JsonNode page = JSON.readTree(world.http().get(path("/audit?limit=3")).body());
        assertThat(page.path("counts").path(0).path("count").asInt()).isEqualTo(4);
        assertThat(page.path("findings")).hasSize(3);
        JsonNode rest = JSON.readTree(world.http()
                .get(path(
                        "/audit?limit=3&cursor=" + page.path("next").asString().replace(" ", "%20")))
                .body());
        assertThat(rest.path("findings")).hasSize(1);
        assertThat(rest.has("next")).isFalse();
        assertThat(java.util.stream.Stream.of(page, rest)
                        .flatMap(each -> found(each).values().stream().flatMap(Set::stream))
                        .collect(Collectors.toSet()))
                .isEqualTo(firstHolds.keySet());
    }

    @Test
    void repairWakesTheLoopAndAsksTheAgentAndLeavesTheRestToAPerson() {
        String lost = idle();
        network().memory.delete(first.id(), List.of(PortId.parse(lost)));
        bound(first(secondHolds), new Binding("elsewhere", true));
        secondHolds.remove(secondHolds.keySet().stream().skip(1).findFirst().orElseThrow());
        tell(second, secondHolds);
        settle();
        assertThat(found(audit())).containsOnlyKeys("missing-in-network", "bound-elsewhere", "lease-unknown");
        JsonNode woken = JSON.readTree(world.http()
                .post(path("/audit/repair"), Map.of())
                .assertStatus(200)
                .body());
        assertThat(woken).isEqualTo(JSON.readTree("{\"loops\":[\"node-1\"],\"agents\":[\"node-2\"],\"byHand\":1}"));
        await().atMost(TopologyWorld.LONG)
                .until(() -> network().memory.list(first.id()).stream()
                        .anyMatch(port -> port.id().toString().equals(lost)));
        JsonNode answer = JSON.readTree(world.http()
                .put(path("/nodes/node-2/cache"), Map.of("epoch", 1, "digest", DIGEST))
                .body());
        assertThat(answer).isEqualTo(JSON.readTree("{\"known\":true,\"compare\":true}"));
    }

    @Test
    void anAgentThatWasReplacedCannotSayWhatTheNodeHolds() {
        Map<String, Object> other = new TreeMap<>(TopologyWorld.registration("node-1-chassis"));
        other.put("agent", UUID.randomUUID());
        world.http().put(path("/nodes/node-1"), other).assertStatus(200);
        List<String> before = world.rows("select cast(c as text) from node_cache c order by 1");
        world.http()
                .put(path("/nodes/node-1/cache"), Map.of("epoch", 1, "digest", DIGEST, "ports", List.of()))
                .assertProblem(409, "stale-epoch", "epoch");
        assertThat(world.rows("select cast(c as text) from node_cache c order by 1"))
                .isEqualTo(before);
    }
}
