package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A router, a switch on each of two nodes and a pod on each switch, plugged by hand. */
class OverlayTest {
    private static final Logger LOG = LoggerFactory.getLogger(OverlayTest.class);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration TCP_LIMIT = Duration.ofSeconds(3);

    private static Workspace workspace;
    private static OvnCentral central;
    private static List<NodeHost> nodes;
    private static PodSandbox first;
    private static PodSandbox second;

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            long begin = System.nanoTime();
            Fabric fabric = Fabric.create(workspace);
            central = OvnCentral.in(workspace).start();
            LOG.info("central after {} ms", (System.nanoTime() - begin) / 1_000_000);
            nodes = NodeHost.start(workspace, fabric, central, "node-1", "node-2");
            LOG.info("two nodes after {} ms", (System.nanoTime() - begin) / 1_000_000);
            central.nbctl("lr-add", "router");
            first = pod(1);
            second = pod(2);
            central.awaitInstalled();
            LOG.info("two pods installed after {} ms", (System.nanoTime() - begin) / 1_000_000);
            await().atMost(PATIENCE).until(() -> first.ping(address(2), 1).answered());
            LOG.info("the first answer after {} ms", (System.nanoTime() - begin) / 1_000_000);
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        Path link = Path.of(
                "/sys/class/net",
                Journal.of(workspace.directory())
                        .orElseThrow()
                        .entries("link")
                        .getFirst()
                        .name());
        assertThat(link).exists();
        List<Path> namespaces = Journal.of(workspace.directory()).orElseThrow().entries("netns").stream()
                .map(entry -> Path.of("/run/netns", entry.name()))
                .toList();
        assertThat(namespaces).hasSize(5);
        long begin = System.nanoTime();
        workspace.close();
        LOG.info("closed within {} ms", (System.nanoTime() - begin) / 1_000_000);
        assertThat(link).doesNotExist();
        assertThat(namespaces).allSatisfy(path -> assertThat(path).doesNotExist());
        assertThat(Leftovers.marked(workspace.directory())).isEmpty();
        assertThat(Files.exists(workspace.directory())).isFalse();
    }

    private static String address(int node) {
        return "10.128.%d.2".formatted(node);
    }

    /** A switch, its router port, a port on it, and a pod with that port, on the node of this number. */
    private static PodSandbox pod(int node) {
        String port = "port-" + node;
        String mac = "0a:58:0a:80:0%d:02".formatted(node);
        String gateway = "10.128.%d.1".formatted(node);
        central.nbctl(("ls-add switch-%1$d"
                        + " -- lrp-add router router-%1$d 0a:58:0a:80:0%1$d:01 10.128.%1$d.1/24"
                        + " -- lsp-add switch-%1$d uplink-%1$d -- lsp-set-type uplink-%1$d router"
                        + " -- lsp-set-addresses uplink-%1$d router -- lsp-set-options uplink-%1$d router-port=router-%1$d"
                        + " -- lsp-add switch-%1$d port-%1$d")
                .formatted(node)
                .split(" "));
        central.nbctl("lsp-set-addresses", port, mac + " " + address(node));
        NodeHost host = nodes.get(node - 1);
        PodSandbox pod = PodSandbox.create(workspace, "pod-" + node);
        host.namespace()
                .ip(
                        "link add v0 type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        mac, NodeHost.POD_MTU, pod.namespace().name()),
                        "link set v0 up");
        pod.namespace().withoutOffloads("eth0");
        pod.namespace()
                .ip(
                        "addr add %s/24 dev eth0".formatted(address(node)),
                        "link set eth0 up",
                        "route add default via " + gateway);
        host.vsctl("add-port", "br-int", "v0", "--", "set", "Interface", "v0", "external_ids:iface-id=" + port);
        return pod;
    }

    @Test
    void podsOnTwoNodesPingEachOtherWithFullPackets() {
        Ping ping = first.ping(address(2), 3);
        assertThat(ping.received()).as(ping.output()).isEqualTo(3);
        assertThat(first.exec("ping", "-M", "do", "-s", "1372", "-c", "1", "-W", "5", address(2)))
                .contains("1 received");
        assertThat(first.ping("10.128.99.99", 1).answered()).isFalse();
    }

    @Test
    void podsOnTwoNodesExchangeOverTcp() {
        Daemon server = second.serveTcp(8080, "second here");
        TcpExchange answered = first.tcp(address(2), 8080, TCP_LIMIT);
        server.kill9();

        assertThat(answered.ok()).as(answered.said()).isTrue();
        assertThat(answered.said()).isEqualTo("second here");
        assertThat(answered.milliseconds()).isPositive();
        TcpExchange refused = first.tcp(address(2), 8080, TCP_LIMIT);
        assertThat(refused.ok()).isFalse();
        assertThat(refused.said()).contains("refused");
    }

    @Test
    void aNodeReachesTheRootNamespaceEvenWhenItsSwitchIsDeadAndItsPodsRecoverWithIt() {
        NodeHost node = nodes.getFirst();
        node.vswitch().kill9();
        assertThat(node.exec("ping", "-c", "1", "-W", "5", rootAddress(node))).contains("1 received");
        assertThat(first.ping(address(2), 1).answered()).isFalse();
        node.vswitch().start();
        await().atMost(PATIENCE).until(() -> first.ping(address(2), 1).answered());
    }

    private static String rootAddress(NodeHost node) {
        return node.managementAddress().replaceFirst("\\d+$", "254");
    }

    @Test
    void aKilledControllerOrCentralCostsRunningPodsNothing() {
        Daemon controller = nodes.get(1).controller();
        try (PingStream stream = second.pingUntilStopped(address(1), Duration.ofMillis(50))) {
            await().atMost(PATIENCE).until(() -> stream.received() > 3);
            controller.kill9();
            central.northbound().kill9();
            central.southbound().pause();
            central.northd().kill9();
            try {
                long before = stream.received();
                await().atMost(PATIENCE).until(() -> stream.received() > before + 10);
            } finally {
                central.southbound().resume();
                central.northbound().start();
                central.northd().start();
                controller.start();
            }
            central.awaitInstalled();
            Ping all = stream.stop();
            assertThat(all.lost()).as(all.output()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void aNodesSwitchForwardsAgainWhenItsKilledDatabaseIsBack() {
        OvsdbServer database = nodes.getFirst().ovsdb();
        database.kill9();
        await().atMost(PATIENCE).until(() -> !second.ping(address(1), 1).answered());
        database.start();
        await().atMost(PATIENCE).until(() -> second.ping(address(1), 1).answered());
    }

    @Test
    void aDaemonOfANodeRunsInItsNamespace() {
        NodeHost node = nodes.get(1);
        Daemon daemon = node.daemon("agent", "bash", "-c", "ip -o -4 addr show; exec sleep 600")
                .readyWhen(
                        "has shown its addresses",
                        starting -> starting.logTail().contains(node.tunnelAddress()))
                .start();
        assertThat(daemon.logTail()).contains(node.managementAddress());
        assertThat(daemon.log()).isEqualTo(node.directory().resolve("agent.log"));
        daemon.kill9();
    }

    @Test
    void aNodeThatLeavesTakesItsChassisAlongAndComesBack() {
        NodeHost node = nodes.get(1);
        assertThat(chassis()).contains("node-1", "node-2");
        node.leave();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(chassis()).contains("node-1").doesNotContain("node-2"));
        node.controller().start();
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(chassis()).contains("node-1", "node-2"));
        await().atMost(PATIENCE).until(() -> second.ping(address(1), 1).answered());
    }

    private static List<String> chassis() {
        return central.sbctl("--bare", "--columns=name", "list", "Chassis")
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
    }
}
