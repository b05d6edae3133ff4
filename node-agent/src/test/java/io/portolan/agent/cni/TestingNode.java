package io.portolan.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.portolan.agent.cache.CacheSettings;
import io.portolan.agent.cache.NodeClock;
import io.portolan.agent.cache.NodeRecord;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.security.PodSecurity;
import io.portolan.agent.security.Profiles;
import io.portolan.agent.wiring.Plug;
import io.portolan.agent.wiring.TestingCrash;
import io.portolan.agent.wiring.TestingNetwork;
import io.portolan.agent.wiring.Wiring;
import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.SubnetId;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortCounts;
import io.portolan.model.api.PortView;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbEndpoint;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.PodSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The agent's part of a node that serves pods, in this process, on a real node; without a control plane. */
final class TestingNode implements AutoCloseable {
    static final JsonMapper JSON = JsonMapper.builder().build();

    private final TestingNetwork network;
    private final int number;
    private final Path directory;
    private final UnaryOperator<CniProperties> change;
    private final OvsdbClient openVSwitch;
    final TestingCrash crash = new TestingCrash();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    /** How often the control plane was asked for ports. */
    final AtomicInteger wanted = new AtomicInteger();

    /** Why the agent is fenced, if it is. */
    volatile String fenced;

    /** Makes the agent's part in security, anew at each start. */
    private final BiFunction<PortCache, Wiring, PodSecurity> secured;

    /** Ends what uses cache and wiring besides. */
    volatile Runnable beforeClose = () -> {};

    private PodSecurity security;
    private PortCache cache;
    private Wiring wiring;
    private CniService service;

    TestingNode(TestingNetwork network, int number, UnaryOperator<CniProperties> change) throws IOException {
        this(network, number, change, (cache, wiring) -> PodSecurity.NONE);
    }

    TestingNode(
            TestingNetwork network,
            int number,
            UnaryOperator<CniProperties> change,
            BiFunction<PortCache, Wiring, PodSecurity> secured)
            throws IOException {
        this.secured = secured;
        this.network = network;
        this.number = number;
        this.change = change;
        directory = Files.createDirectories(network.host(number).directory().resolve("a"));
        openVSwitch = network.openVSwitch(number);
        start();
    }

    static CniProperties settings(Path directory) {
        return new CniProperties(
                directory.resolve("cni.sock"),
                directory.resolve("state/cni-queue"),
                "portolan-cni",
                32,
                Duration.ofSeconds(2),
                8,
                true,
                Duration.ofMillis(500),
                Duration.ofHours(1),
                Duration.ofMillis(300),
                NodeHost.POD_MTU);
    }

    void start() {
        TestingNetwork.Host host = network.host(number);
        cache = PortCache.open(
                new CacheSettings(
                        new ClusterName("harbour"),
                        new NodeName(host.name()),
                        OvsdbEndpoint.parse(host.ovsdb().unixRemote()),
                        Optional.of(host.ovsdb().controlSocket()),
                        host.directory().resolve("portolan.db"),
                        Duration.ofSeconds(10)),
                NodeClock.system());
        wiring = Wiring.open(network.settings(number), openVSwitch, crash);
        security = secured.apply(cache, wiring);
        service = CniService.start(
                change.apply(settings(directory)),
                cache,
                wiring,
                new PortSupply() {
                    @Override
                    public void wanted() {
                        wanted.incrementAndGet();
                    }

                    @Override
                    public Optional<String> trouble() {
                        return Optional.of("it is said to be away");
                    }

                    @Override
                    public Optional<String> fenced() {
                        return Optional.ofNullable(fenced);
                    }
                },
                security,
                meters,
                crash);
        await().atMost(TestingNetwork.PATIENCE).until(() -> service.waitsFor().isEmpty());
    }

    void stop() {
        service.close();
        if (security instanceof Profiles profiles) {
            profiles.close();
        }
        beforeClose.run();
        wiring.close();
        cache.close();
    }

    void restart() {
        stop();
        start();
    }

    /** As the control plane would have registered the node, and leased it new ports. */
    List<Plug> lease(int count) {
        NodeId node = cache.node()
                .registration()
                .map(NodeRecord.Registration::id)
                .orElseGet(() -> new NodeId(UUID.randomUUID()));
        cache.leases()
                .registered(new NodeView(
                        node,
                        new NodeName(network.host(number).name()),
                        new ClusterId(UUID.randomUUID()),
                        new ClusterName("harbour"),
                        1,
                        "ready",
                        null,
                        2,
                        1024,
                        110,
                        network.host(number).chassis(),
                        network.host(number).parentPort(),
                        null,
                        Instant.now(),
                        new NodeView.Settings(16, 16, 0, NodeHost.POD_MTU),
                        List.of(),
                        new PortCounts(0, 0, 0, 0, 0, 0, 0, 0)));
        List<Plug> plugs = network.ports(number, count);
        lease(node, plugs);
        return plugs;
    }

    /** As if the control plane leased it these ports, whatever they are. */
    void leaseAlso(List<Plug> plugs) {
        lease(cache.node().registration().orElseThrow().id(), plugs);
    }

    /** As if these went back to the control plane, whatever is said against them. */
    void forget(List<PortId> ports) {
        await().atMost(TestingNetwork.PATIENCE).until(() -> {
            for (PortId port : ports) {
                Optional.ofNullable(cache.port(port).orElseThrow().disputed())
                        .ifPresent(why -> cache.settle(List.of(port), why));
            }
            cache.leases().giveBack(ports);
            return cache.leases().returning().containsAll(ports);
        });
        cache.leases().returned(ports, List.of());
        ports.forEach(wiring::unplumb);
    }

    private void lease(NodeId node, List<Plug> plugs) {
        cache.leases()
                .leased(
                        cache.leases().claim(plugs.size()),
                        plugs.stream().map(plug -> view(node, plug)).toList());
    }

    private static PortView view(NodeId node, Plug plug) {
        return new PortView(
                plug.port(),
                node,
                new SubnetId(UUID.nameUUIDFromBytes(new byte[] {1})),
                plug.addresses(),
                plug.mac(),
                plug.vlanTag(),
                plug.backendId(),
                PortState.LEASED,
                null,
                null,
                1L,
                null,
                null,
                null,
                null,
                Instant.now(),
                1);
    }

    PodSecurity security() {
        return security;
    }

    PortCache cache() {
        return cache;
    }

    Wiring wiring() {
        return wiring;
    }

    void awaitPlumbed(int wires) {
        await().atMost(TestingNetwork.PATIENCE)
                .untilAsserted(() -> assertThat(wiring.ready()).hasSizeGreaterThanOrEqualTo(wires));
    }

    CniProgram program(String command, String container) {
        return new CniProgram(directory)
                .with("CNI_COMMAND", command)
                .with("CNI_CONTAINERID", container)
                .with("CNI_IFNAME", "eth0");
    }

    static String config(String version) {
        return "{\"cniVersion\":\"%s\",\"name\":\"pods\",\"type\":\"portolan-cni\"}".formatted(version);
    }

    Path socket() {
        return directory.resolve("cni.sock");
    }

    /** The answer of a successful ADD. */
    JsonNode add(String container, PodSandbox pod) {
        return succeeded(program("ADD", container).with("CNI_NETNS", pod.path().toString()));
    }

    void del(String container, PodSandbox pod) {
        CniProgram.Outcome outcome = program("DEL", container)
                .with("CNI_NETNS", pod.path().toString())
                .run(config("1.1.0"));
        assertThat(outcome.output()).isEmpty();
        assertThat(outcome.status()).isZero();
    }

    static JsonNode succeeded(CniProgram program) {
        CniProgram.Outcome outcome = program.run(config("1.1.0"));
        assertThat(outcome.status()).as(outcome.output()).isZero();
        return outcome.output().isEmpty() ? JSON.createObjectNode() : JSON.readTree(outcome.output());
    }

    /** The error of a call that failed. */
    static JsonNode failed(CniProgram program, String input) {
        CniProgram.Outcome outcome = program.run(input);
        assertThat(outcome.status()).as(outcome.output()).isEqualTo(1);
        return JSON.readTree(outcome.output());
    }

    static String ip(JsonNode added) {
        return added.path("ips").get(0).path("address").stringValue().replaceFirst("/.*", "");
    }

    /** Each wire is one row, one pair, and one port's only one; once the plumbing ahead has come to rest. */
    void assertNoOrphans() {
        await().atMost(TestingNetwork.PATIENCE).untilAsserted(() -> {
            List<String> rows = network.switchPorts(number);
            List<String> ends = network.veths(number);
            assertThat(ends.stream().filter(name -> name.startsWith("pn"))).containsExactlyElementsOf(rows);
            assertThat(ends.stream().filter(name -> name.startsWith("pp")).map(name -> "pn" + name.substring(2)))
                    .isSubsetOf(rows);
            assertThat(wiring.plumbed()).hasSameSizeAs(rows);
        });
    }

    @Override
    public void close() {
        crash.after(-1);
        stop();
        openVSwitch.close();
    }
}
