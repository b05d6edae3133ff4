package io.portolan.agent.cni;

import static io.portolan.agent.wiring.TestingNetwork.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.agent.NodeAgentApplication;
import io.portolan.agent.control.TestingControlPlane;
import io.portolan.agent.wiring.Plug;
import io.portolan.agent.wiring.TestingUnderlay;
import io.portolan.model.ClusterName;
import io.portolan.model.NodeName;
import io.portolan.model.PortState;
import io.portolan.model.api.PortView;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.PingStream;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.VmHost;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent as a process in a VM, with its control plane outside of it. */
class UnderlayAgentTest {
    private static final Logger LOG = LoggerFactory.getLogger(UnderlayAgentTest.class);
    private static final ClusterName CLUSTER = new ClusterName("harbour");
    private static final String CONFIG = TestingNode.config("1.1.0");

    private static TestingUnderlay underlay;
    private static TestingControlPlane ledger;
    private static VmHost vm;
    private static Path directory;
    private static Daemon agent;

    @BeforeAll
    static void start() throws UnknownHostException {
        underlay = new TestingUnderlay();
        try {
            vm = underlay.vm(1);
            directory = underlay.workspace().directory("vm-1/a");
            ledger = new TestingControlPlane(
                    CLUSTER,
                    new NodeName(vm.name()),
                    InetAddress.getByName(underlay.fabric().rootAddress()),
                    vm.vif());
            for (Plug plug : underlay.ports(1, 16)) {
                ledger.addPort(plug.port(), plug.backendId(), plug.mac(), plug.vlanTag(), plug.addresses());
            }
            agent = vm.daemon("agent", command())
                    .readyWhen("has ports for pods", starting -> status().status() == 0)
                    .start();
        } catch (RuntimeException | Error e) {
            underlay.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        ledger.close();
        underlay.close();
    }

    private static String[] command() {
        return new String[] {
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx128m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            NodeAgentApplication.class.getName(),
            "--portolan.agent.cluster=" + CLUSTER,
            "--portolan.agent.node=" + vm.name(),
            "--portolan.agent.parent-port=" + vm.vif(),
            "--portolan.agent.topology-urls=" + ledger.url(),
            "--portolan.agent.ipam-urls=" + ledger.url(),
            "--portolan.agent.ovsdb=" + vm.ovsdb().unixRemote(),
            "--portolan.agent.ovsdb-control=" + vm.ovsdb().controlSocket(),
            "--portolan.agent.cache-file=" + directory.resolve("node.db"),
            "--portolan.wiring.switch-control=" + vm.switchControl(),
            "--portolan.cni.socket=" + program("").socket(),
            "--portolan.cni.queue=" + program("").queue(),
            "--portolan.cni.rescan=500ms"
        };
    }

    private static CniProgram program(String command) {
        return new CniProgram(directory).command(command);
    }

    private static CniProgram.Outcome status() {
        return program("STATUS").run(CONFIG);
    }

    private static CniProgram.Outcome call(String command, String id, PodSandbox pod) {
        return program(command)
                .with("CNI_CONTAINERID", id)
                .with("CNI_NETNS", pod.path().toString())
                .run(CONFIG);
    }

    private static void awaitPing(PodSandbox pod, String target) {
        await().atMost(PATIENCE).until(() -> pod.ping(target, 1).answered());
    }

    private static String page(String path) {
        return vm.exec("curl", "-s", "http://127.0.0.1:8085" + path);
    }

    @Test
    void theNodeRegistersByItsParentPortAndItsPodsNeedNoControlPlane() {
        ledger.stop();
        try (PodSandbox pod = underlay.sandbox();
                PodSandbox sibling = underlay.sandbox()) {
            CniProgram.Outcome added = call("ADD", "one", pod);
            assertThat(added.status()).as(added.output()).isZero();
            CniProgram.Outcome second = call("ADD", "two", sibling);
            assertThat(second.status()).as(second.output()).isZero();
            awaitPing(pod, TestingUnderlay.PLAIN_VM);
            awaitPing(pod, TestingNode.ip(TestingNode.JSON.readTree(second.output())));
            ledger.start();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(
                                    ledger.ports(PortState.BOUND).stream().map(PortView::sandbox))
                            .containsExactlyInAnyOrder("one", "two"));

            assertThat(page("/v1/ports")).contains("\"vlanTag\":100", "\"wire\":\"ready\"");
            underlay.hypervisor(1).namespace().ip("link set %s down".formatted(vm.tap()));
            String why = "the uplink eth0 of bridge br-int does not work: its link is down";
            await().atMost(PATIENCE).until(() -> page("/v1/node").contains("\"switch\":\"" + why));
            assertThat(page("/actuator/health/readiness")).contains("\"status\":\"UP\"", why);
            assertThat(status().output()).contains("\"code\":51", why);
            underlay.hypervisor(1).namespace().ip("link set %s up".formatted(vm.tap()));
            await().atMost(PATIENCE).until(() -> status().status() == 0);
            assertThat(call("DEL", "one", pod).status()).isZero();
            assertThat(call("DEL", "two", sibling).status()).isZero();
        }
    }

    @Test
    void anAgentThatIsKilledInTheMiddleOfAddsCostsNoPacketAndLosesNoPort() {
        try (PodSandbox resident = underlay.sandbox()) {
            assertThat(call("ADD", "resident", resident).status()).isZero();
            awaitPing(resident, TestingUnderlay.PLAIN_VM);
            Random random = new Random(3);
            try (PingStream stream = resident.pingUntilStopped(TestingUnderlay.PLAIN_VM, Duration.ofMillis(50))) {
                for (int i = 0; i < 2; i++) {
                    killedInTheMiddleOfAdds(i, random);
                }
                assertThat(stream.stop().lost()).isLessThanOrEqualTo(1);
            }
            assertThat(call("DEL", "resident", resident).status()).isZero();
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(ledger.ports(PortState.BOUND)).isEmpty());
            assertThat(page("/v1/pods")).isEqualTo("{\"pods\":[]}");
        }
    }

    private static void killedInTheMiddleOfAdds(int round, Random random) {
        List<PodSandbox> pods = List.of(underlay.sandbox(), underlay.sandbox(), underlay.sandbox());
        List<CompletableFuture<CniProgram.Outcome>> adding = pods.stream()
                .map(pod -> CompletableFuture.supplyAsync(
                        () -> call("ADD", round + pod.namespace().name(), pod)))
                .toList();
        sleep(20 + random.nextInt(100));
        agent.kill9();
        List<Integer> codes = adding.stream().map(one -> one.join().status()).toList();
        LOG.info("the agent was killed in the middle of three ADDs, which ended with {}", codes);
        // What a runtime does after an ADD that failed, at once; nobody is there to do it.
        for (int i = 0; i < pods.size(); i++) {
            if (codes.get(i) != 0) {
                assertThat(call("DEL", round + pods.get(i).namespace().name(), pods.get(i))
                                .status())
                        .isZero();
            }
        }
        agent.start();
        for (PodSandbox pod : pods) {
            String id = round + pod.namespace().name();
            CniProgram.Outcome again = call("ADD", id, pod);
            assertThat(again.status()).as(again.output()).isZero();
            awaitPing(pod, TestingUnderlay.PLAIN_VM);
        }
        for (PodSandbox pod : pods) {
            assertThat(call("DEL", round + pod.namespace().name(), pod).status())
                    .isZero();
            pod.close();
        }
        List<String> wires = underlay.switchPorts(1);
        assertThat(underlay.veths(1).stream().filter(name -> name.startsWith("pn")))
                .containsAll(wires);
    }

    private static void sleep(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
