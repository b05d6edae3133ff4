package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.Cidr;
import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.NodeId;
import io.portolan.ovsdb.Row;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Member;
import io.portolan.sdn.LoadBalancerSpec.OnEmpty;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.LoadBalancerSpec.Spread;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnDirectory.Neighbour;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnLoadBalancers.Audit;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.SdnLoadBalancersContract;
import io.portolan.sdn.Transport;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on a real northbound database, and the whole database after each change. */
class OvnLoadBalancersTest extends SdnLoadBalancersContract {
    private static Workspace workspace;
    private static OvsdbServer server;
    private static TestingCentral northbound;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        server = OvsdbServer.in(workspace, "nb")
                .database(OvnCentral.NORTHBOUND_SCHEMA)
                .start();
        northbound = new TestingCentral(server.unixRemote());
    }

    @AfterAll
    static void stop() {
        northbound.close();
        workspace.close();
    }

    /** A contract's test leaves the groups of its clusters: no router of theirs is ever deleted. */
    private Map<String, Map<UUID, Row>> before;

    @BeforeEach
    void look() {
        before = northbound.dump();
    }

    @Override
    protected SdnBackend backend(ClusterId cluster) {
        return northbound.backend(cluster);
    }

    @Override
    protected Object everything() {
        return northbound.dump();
    }

    private static String nbctl(String command) {
        List<String> all = new ArrayList<>(List.of("ovn-nbctl", "--db=" + server.unixRemote(), "--timeout=30"));
        all.addAll(List.of(command.split(" ")));
        return workspace.command(all.toArray(String[]::new)).output();
    }

    private static Listener local(String address, int port, NodeId... nodes) {
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < nodes.length; i++) {
            members.add(new Member(IpAddress.parse("10.4.9." + (2 + i)), 8080, nodes[i], null));
        }
        return new Listener(
                new Frontend(IpAddress.parse(address), Transport.TCP, port, Reach.INSIDE),
                Spread.SAME_NODE,
                OnEmpty.DROP,
                Duration.ofSeconds(60),
                List.of(),
                new Pool("local", members));
    }

    private static Row row(String part) {
        return northbound.dump().get("Load_Balancer").values().stream()
                .filter(row -> row.string("name").equals(part))
                .findFirst()
                .orElseThrow();
    }

    private void unmake(TestingCluster cluster, SdnBackend backend) {
        cluster.unmake(backend);
        assertThat(northbound.dump()).isEqualTo(before);
    }

    @Test
    void eachPartSaysWhatItIs() {
        TestingCluster cluster = TestingCluster.of("10.4.1.0/28", 2);
        try (SdnBackend sdn = northbound.backend(cluster.id())) {
            cluster.make(sdn);
            Listener outside = new Listener(
                    new Frontend(IpAddress.parse("203.0.113.9"), Transport.TCP, 80, Reach.OUTSIDE),
                    Spread.ANYWHERE,
                    OnEmpty.REFUSE,
                    null,
                    List.of(),
                    new Pool("web", List.of(new Member(IpAddress.parse("10.4.1.2"), 8080, null, null))));
            LoadBalancerSpec spec = spec(
                    cluster.id(),
                    "web",
                    listener("10.96.0.10", Transport.TCP, 80, "10.4.1.3", "10.4.1.2"),
                    listener("10.96.0.10", Transport.TCP, 443),
                    listener("10.96.0.10", Transport.UDP, 53, "10.4.1.2"),
                    local("10.96.0.11", 80, cluster.node()),
                    outside);
            sdn.loadBalancers().ensure(List.of(spec));
            Map<String, String> mark =
                    Map.of("portolan:cluster", cluster.id().toString(), "portolan:key", "load-balancer:" + spec.id());
            Row tcp = row("ns/web tcp/inside");
            assertThat(tcp.stringMap("vips"))
                    .isEqualTo(Map.of("10.96.0.10:80", "10.4.1.2:8080,10.4.1.3:8080", "10.96.0.10:443", ""));
            assertThat(tcp.stringMap("options"))
                    .isEqualTo(Map.of("reject", "true", "hairpin_snat_ip", "169.254.104.5"));
            assertThat(tcp.stringMap("external_ids")).containsAllEntriesOf(mark);
            Row udp = row("ns/web udp/inside");
            assertThat(udp.stringMap("options")).containsEntry("ct_flush", "true");
            Row here = row("ns/web tcp/inside/drop/affinity-60/node-" + cluster.node());
            assertThat(here.stringMap("vips")).isEqualTo(Map.of("10.96.0.11:80", "10.4.9.2:8080"));
            assertThat(here.stringMap("options"))
                    .isEqualTo(Map.of("affinity_timeout", "60", "hairpin_snat_ip", "169.254.104.5"));
            Row anchor = row("ns/web");
            assertThat(anchor.stringMap("vips")).isEmpty();
            assertThat(anchor.stringMap("external_ids"))
                    .containsEntry(
                            "portolan:parts",
                            "tcp/inside tcp/inside/drop/affinity-60/node-" + cluster.node()
                                    + " tcp/outside udp/inside");
            assertThat(northbound.dump().get("Load_Balancer_Group").values())
                    .filteredOn(row -> row.string("name").contains(cluster.id().toString()))
                    .extracting(
                            row -> row.string("name"),
                            row -> row.uuids("load_balancer").size())
                    .containsExactlyInAnyOrder(
                            tuple("portolan-" + cluster.id() + "-inside", 2),
                            tuple("portolan-" + cluster.id() + "-outside", 1));
            Row onlySwitch =
                    northbound.dump().get("Logical_Switch").values().iterator().next();
            assertThat(onlySwitch.uuids("load_balancer")).hasSize(1);
            assertThat(onlySwitch.uuids("load_balancer_group"))
                    .as("the group inside, from the switch's first transaction on")
                    .containsExactly(new BalancerGroups(null, new Mark(cluster.id())).row(Reach.INSIDE));
            unmake(cluster, sdn);
        }
    }

    private static final String LIMITED = "tcp/203.0.113.9/443";

    private static Listener limited(String... sources) {
        return new Listener(
                new Frontend(IpAddress.parse("203.0.113.9"), Transport.TCP, 443, Reach.OUTSIDE),
                Spread.ANYWHERE,
                OnEmpty.REFUSE,
                null,
                Stream.of(sources).map(Cidr::parse).toList(),
                new Pool("web", List.of(new Member(IpAddress.parse("10.4.0.2"), 8443, null, null))));
    }

    @Test
    void aLimitedListenerIsTwoRulesOnTheGroupOfTheGatewaysPort() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = northbound.backend(cluster)) {
            LoadBalancerSpec spec = spec(cluster, "web", limited("198.51.100.0/24", "192.0.2.7/32", "2001:db8::/32"));
            sdn.loadBalancers().ensure(List.of(spec));
            String name = "portolan_sources_" + cluster.toString().replace("-", "");
            Row group = northbound.dump().get("Port_Group").values().stream()
                    .filter(row -> row.string("name").equals(name))
                    .findFirst()
                    .orElseThrow();
            assertThat(group.uuids("acls"))
                    .containsExactlyInAnyOrder(
                            SourceLimits.id(spec.id(), LIMITED + "/drop"),
                            SourceLimits.id(spec.id(), LIMITED + "/pass"));
            String packets = "inport == @%s && ip4.dst == 203.0.113.9 && tcp.dst == 443".formatted(name);
            assertThat(northbound.dump().get("ACL").values())
                    .extracting(row -> row.string("match"), row -> row.string("action"), row -> row.string("direction"))
                    .containsExactlyInAnyOrder(
                            tuple(packets, "drop", "from-lport"),
                            tuple(
                                    packets + " && ip4.src == {192.0.2.7/32, 198.51.100.0/24}",
                                    "allow-stateless",
                                    "from-lport"));
            sdn.loadBalancers().ensure(List.of(spec(cluster, "web", limited("0.0.0.0/0", "192.0.2.7/32"))));
            assertThat(northbound.dump()).as("everybody").doesNotContainKey("ACL");
            sdn.loadBalancers().ensure(List.of(spec(cluster, "web", limited("2001:db8::/32"))));
            assertThat(northbound.dump().get("ACL").values())
                    .as("nobody")
                    .extracting(row -> row.string("match"), row -> row.string("action"))
                    .containsExactly(tuple(packets, "drop"));
            sdn.topology().deleteRouter();
            assertThat(northbound.dump()).isEqualTo(before);
        }
    }

    /** A member on a node without a switch is reached by nobody there; when the switch comes, its part does. */
    @Test
    void aNodesPartComesAndGoesWithItsMembersAndItsSwitch() {
        TestingCluster cluster = TestingCluster.of("10.4.1.0/28", 1);
        try (SdnBackend sdn = northbound.backend(cluster.id())) {
            LoadBalancerSpec here = spec(cluster.id(), "local", local("10.96.0.11", 80, cluster.node()));
            LoadBalancerSpec gone = spec(cluster.id(), "local", local("10.96.0.11", 80, NodeId.random()));
            assertThat(sdn.loadBalancers().ensure(List.of(here)).values())
                    .containsExactly(new Settled.Done(Ensured.MADE));
            assertThat(northbound.dump().get("Load_Balancer")).hasSize(1);
            cluster.make(sdn);
            assertThat(sdn.loadBalancers().audit(List.of(here)).right()).isEmpty();
            assertThat(sdn.loadBalancers().ensure(List.of(here)).values())
                    .containsExactly(new Settled.Done(Ensured.MENDED));
            assertThat(sdn.loadBalancers().audit(List.of(here)).right()).containsExactly(here.id());
            assertThat(northbound.dump().get("Load_Balancer")).hasSize(2);
            sdn.loadBalancers().ensure(List.of(gone));
            assertThat(northbound.dump().get("Load_Balancer")).hasSize(1);
            unmake(cluster, sdn);
        }
    }

    @Test
    void aHundredBalancersAreOneTransaction() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = northbound.backend(cluster)) {
            List<LoadBalancerSpec> all = IntStream.range(0, 100)
                    .mapToObj(i ->
                            spec(cluster, "s" + i, listener("10.96.1." + i, Transport.TCP, 80, "10.4.0.2", "10.4.0.3")))
                    .toList();
            List<LoadBalancerSpec> changed = IntStream.range(0, 100)
                    .mapToObj(i -> spec(cluster, "s" + i, listener("10.96.1." + i, Transport.TCP, 80, "10.4.0.2")))
                    .toList();
            assertThat(transactions(() -> sdn.loadBalancers().ensure(all))).isEqualTo(1);
            assertThat(transactions(() -> sdn.loadBalancers().ensure(all))).isZero();
            assertThat(transactions(() -> sdn.loadBalancers().ensure(changed))).isEqualTo(1);
            assertThat(transactions(() -> sdn.loadBalancers()
                            .delete(all.stream().map(LoadBalancerSpec::id).toList())))
                    .isEqualTo(1);
            sdn.topology().deleteRouter();
            assertThat(northbound.dump()).isEqualTo(before);
        }
    }

    private static int transactions(Runnable work) {
        try (TestingTransactions counted = new TestingTransactions(northbound.client())) {
            work.run();
            return counted.count();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set Load_Balancer {anchor} name=mine",
                "set Load_Balancer {anchor} external_ids:\"portolan:parts\"=\"\"",
                "set Load_Balancer {tcp} name=mine",
                "set Load_Balancer {tcp} vips:\"10.96.0.10:80\"=\"10.9.9.9:1\"",
                "set Load_Balancer {tcp} vips:\"10.96.0.99:80\"=\"10.9.9.9:1\"",
                "set Load_Balancer {tcp} protocol=udp",
                "set Load_Balancer {tcp} selection_fields=ip_src",
                "set Load_Balancer {tcp} options:reject=false",
                "set Load_Balancer {tcp} options:affinity_timeout=7",
                "set Load_Balancer {tcp} ip_port_mappings:10.4.0.2=mine",
                "lb-del {tcp}",
                "lb-del {anchor}",
                "remove Load_Balancer_Group {group} load_balancer {tcp}",
                "clear Load_Balancer_Group {group} load_balancer",
                "set ACL {drop} action=allow",
                "set ACL {drop} match=ip4",
                "set ACL {pass} priority=1",
                "remove Port_Group {limits} acls {drop}",
                "clear Port_Group {limits} acls",
                "pg-del {limits}",
                "--id=@a create ACL direction=from-lport priority=1 match=ip4 action=allow external_ids:\"portolan:cluster\"={cluster}"
                        + " external_ids:\"portolan:kind\"=sources external_ids:\"portolan:key\"=\"load-balancer:{anchor}\""
                        + " -- add Port_Group {limits} acls @a",
            })
    void driftIsMended(String tampering) {
        ClusterId cluster = ClusterId.random();
        Map<String, Map<UUID, Row>> foreign = northbound.dump();
        nbctl("lb-add stranger 10.96.0.10:80 10.9.9.9:80");
        Map<String, Map<UUID, Row>> strangers = northbound.dump();
        try (SdnBackend sdn = northbound.backend(cluster)) {
            LoadBalancerSpec spec = spec(
                    cluster,
                    "web",
                    listener("10.96.0.10", Transport.TCP, 80, "10.4.0.2"),
                    listener("10.96.0.10", Transport.UDP, 80, "10.4.0.2"),
                    limited("198.51.100.0/24"));
            sdn.loadBalancers().ensure(List.of(spec));
            Map<String, Map<UUID, Row>> good = northbound.dump();
            nbctl(tampering
                    .replace("{anchor}", spec.id().toString())
                    .replace("{cluster}", cluster.toString())
                    .replace(
                            "{limits}",
                            Key.of(Key.Kind.SOURCE_LIMITS, cluster).row().toString())
                    .replace(
                            "{drop}",
                            SourceLimits.id(spec.id(), LIMITED + "/drop").toString())
                    .replace(
                            "{pass}",
                            SourceLimits.id(spec.id(), LIMITED + "/pass").toString())
                    .replace("{tcp}", BalancerRows.id(spec.id(), "tcp/inside").toString())
                    .replace(
                            "{group}",
                            new BalancerGroups(null, new Mark(cluster))
                                    .row(Reach.INSIDE)
                                    .toString()));
            assertThat(northbound.dump()).as("tampering had an effect").isNotEqualTo(good);
            assertThat(sdn.loadBalancers().audit(List.of(spec)).right()).isEmpty();
            assertThat(sdn.loadBalancers().ensure(List.of(spec)).values())
                    .containsExactly(new Settled.Done(Ensured.MENDED));
            assertThat(northbound.dump()).isEqualTo(good);
            sdn.topology().deleteRouter();
            assertThat(northbound.dump()).isEqualTo(strangers);
        }
        nbctl("lb-del stranger");
        assertThat(northbound.dump()).isEqualTo(foreign);
    }

    @Test
    void aCopyWithOurMarkIsFoundByAnAuditAndGoes() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = northbound.backend(cluster)) {
            LoadBalancerSpec spec = spec(cluster, "web", listener("10.96.0.10", Transport.TCP, 80, "10.4.0.2"));
            sdn.loadBalancers().ensure(List.of(spec));
            Map<String, Map<UUID, Row>> good = northbound.dump();
            nbctl(
                    "create Load_Balancer name=copy external_ids:\"portolan:cluster\"=%s external_ids:\"portolan:key\"=\"load-balancer:%s\""
                            .formatted(cluster, spec.id()));
            assertThat(sdn.loadBalancers().audit(List.of(spec))).isEqualTo(new Audit(Set.of(), Set.of(spec.id())));
            sdn.loadBalancers().ensure(List.of(spec));
            assertThat(northbound.dump()).isEqualTo(good);
            sdn.topology().deleteRouter();
        }
    }

    @Test
    void oneThatIsAtFaultFailsAlone() {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = northbound.backend(cluster)) {
            LoadBalancerSpec good = spec(cluster, "good", listener("10.96.0.10", Transport.TCP, 80, "10.4.0.2"));
            LoadBalancerSpec bad = spec(cluster, "bad", listener("10.96.0.11", Transport.TCP, 80, "10.4.0.2"));
            LoadBalancerSpec limited = new LoadBalancerSpec(
                    spec(cluster, "limited").id(),
                    "ns/limited",
                    List.of(new Listener(
                            bad.listeners().getFirst().frontend(),
                            Spread.ANYWHERE,
                            OnEmpty.REFUSE,
                            null,
                            List.of(Cidr.parse("10.0.0.0/8")),
                            bad.listeners().getFirst().pool())));
            northbound
                    .client()
                    .transact(io.portolan.ovsdb.Operation.insert(
                                    "Load_Balancer", Row.empty().with("name", "a stranger in our place"))
                            .withId(BalancerRows.id(bad.id(), "tcp/inside")));
            var settled = sdn.loadBalancers().ensure(List.of(good, bad, limited));
            assertThat(settled.get(good.id())).isEqualTo(new Settled.Done(Ensured.MADE));
            assertThat(settled.get(bad.id()))
                    .asInstanceOf(type(Settled.Failed.class))
                    .extracting(Settled.Failed::why)
                    .asInstanceOf(type(Refused.class))
                    .returns(Refused.Reason.CONFLICT, Refused::reason);
            assertThat(settled.get(limited.id()))
                    .asInstanceOf(type(Settled.Failed.class))
                    .extracting(Settled.Failed::why)
                    .asInstanceOf(type(Refused.class))
                    .returns(Refused.Reason.NOT_SUPPORTED, Refused::reason);
            nbctl("lb-del " + BalancerRows.id(bad.id(), "tcp/inside"));
            sdn.topology().deleteRouter();
            assertThat(northbound.dump()).isEqualTo(before);
        }
    }

    @Test
    void writersOfTheSameBalancersMakeOneSetOfRows() throws InterruptedException, ExecutionException {
        ClusterId cluster = ClusterId.random();
        try (SdnBackend sdn = northbound.backend(cluster);
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<LoadBalancerSpec> all = IntStream.range(0, 30)
                    .mapToObj(i -> spec(cluster, "s" + i, listener("10.96.2." + i, Transport.TCP, 80, "10.4.0.2")))
                    .toList();
            Callable<Boolean> write = () -> sdn.loadBalancers().ensure(all).values().stream()
                    .allMatch(settled -> settled instanceof Settled.Done);
            assertThat(executor.invokeAll(List.of(write, write, write, write)))
                    .allSatisfy(future -> assertThat(future.get()).isTrue());
            assertThat(northbound.dump().get("Load_Balancer")).hasSize(60);
            assertThat(sdn.loadBalancers().audit(all).right()).hasSize(30);
            sdn.topology().deleteRouter();
            assertThat(northbound.dump()).isEqualTo(before);
        }
    }

    @Test
    void whoElseIsBehindTheRouterIsKnown() {
        TestingCluster cluster = TestingCluster.of("10.4.1.0/28", 3);
        try (SdnBackend sdn = northbound.backend(cluster.id())) {
            cluster.make(sdn);
            nbctl(("ls-add vms -- lrp-add %s to-vms 02:00:00:00:00:01 192.168.9.1/24"
                            + " -- lsp-add vms vms-router -- lsp-set-type vms-router router"
                            + " -- lsp-set-addresses vms-router router"
                            + " -- lsp-set-options vms-router router-port=to-vms"
                            + " -- lsp-add vms vm-1 -- lsp-add vms vm-2 -- lsp-set-addresses vm-2 unknown")
                    .formatted(cluster.id()));
            workspace
                    .command(
                            "ovn-nbctl",
                            "--db=" + server.unixRemote(),
                            "lsp-set-addresses",
                            "vm-1",
                            "02:00:00:00:00:11 192.168.9.11 192.168.9.12")
                    .output();
            assertThat(sdn.directory().neighbours(cluster.id().toString()))
                    .extracting(Neighbour::address, Neighbour::portId)
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple(IpAddress.parse("192.168.9.11"), "vm-1"),
                            org.assertj.core.groups.Tuple.tuple(IpAddress.parse("192.168.9.12"), "vm-1"));
            nbctl("lrp-del to-vms -- ls-del vms");
            unmake(cluster, sdn);
        }
    }
}
