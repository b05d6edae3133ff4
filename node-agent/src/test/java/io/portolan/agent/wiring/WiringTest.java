package io.portolan.agent.wiring;

import static io.portolan.agent.wiring.TestingNetwork.PATIENCE;
import static io.portolan.agent.wiring.TestingNetwork.ip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.portolan.ovsdb.OvsdbClient;
import io.portolan.testbed.PingStream;
import io.portolan.testbed.PodSandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a real OVN with two nodes. */
class WiringTest {
    private static TestingOverlay overlay;
    private static OvsdbClient first;
    private static OvsdbClient second;
    private static Wiring other;
    private static Plug neighbour;

    private final TestingCrash crash = new TestingCrash();
    private Wiring wiring;

    @BeforeAll
    static void start() {
        overlay = new TestingOverlay();
        first = overlay.openVSwitch(1);
        second = overlay.openVSwitch(2);
        other = Wiring.open(overlay.settings(2), second, Checkpoint.NONE);
        other.awaitLoaded(PATIENCE);
        neighbour = overlay.ports(2, 1).getFirst();
        other.attach(neighbour, eth0(overlay.sandbox()));
    }

    @AfterAll
    static void stop() {
        other.close();
        first.close();
        second.close();
        overlay.close();
    }

    @BeforeEach
    void open() {
        wiring = opened();
    }

    @AfterEach
    void takeDown() {
        crash.after(-1);
        wiring.close();
        try (Wiring clean = opened()) {
            clean.plumbed().forEach(clean::unplumb);
            clean.rebuild(List.of(), Map.of());
        }
        assertThat(overlay.switchPorts(1)).isEmpty();
        assertThat(overlay.veths(1)).isEmpty();
    }

    private Wiring opened() {
        Wiring opened = Wiring.open(overlay.settings(1), first, crash);
        opened.awaitLoaded(PATIENCE);
        return opened;
    }

    private static Sandbox eth0(PodSandbox pod) {
        return new Sandbox(pod.path(), "eth0");
    }

    private static void awaitPing(PodSandbox pod) {
        await().atMost(PATIENCE).until(() -> pod.ping(ip(neighbour), 1).answered());
    }

    @Test
    void aPlumbedPortIsInstalledRestsAndServesOnePodAfterTheOther() {
        Plug plug = overlay.ports(1, 1).getFirst();
        wiring.plumb(plug);
        assertThat(wiring.ready()).containsExactly(plug.port());
        List<String> wire = overlay.switchPorts(1);
        assertThat(wire).hasSize(1);

        for (int i = 0; i < 3; i++) {
            try (PodSandbox pod = overlay.sandbox()) {
                Attachment attachment = wiring.attach(plug, eth0(pod));
                assertThat(attachment.hostInterface()).isEqualTo(wire.getFirst());
                assertThat(wiring.attach(plug, eth0(pod))).isEqualTo(attachment);
                assertThat(wiring.differences(plug, eth0(pod))).isEmpty();
                assertThat(wiring.ready()).isEmpty();
                awaitPing(pod);
                wiring.detach(plug, Optional.of(eth0(pod)));
                wiring.detach(plug, Optional.of(eth0(pod)));
                wiring.flushConnections(plug.backendId());
                assertThat(pod.exec("ls", "/sys/class/net").strip()).isEqualTo("lo");
                assertThat(wiring.ready()).containsExactly(plug.port());
                assertThat(overlay.switchPorts(1)).isEqualTo(wire);
            }
        }
    }

    @Test
    void aSurplusOfWiresStaysUntilNoneHadToBeMadeForAWhile() {
        List<Plug> free = overlay.ports(1, 4);
        free.subList(0, 3).forEach(wiring::plumb);
        Duration stays = Duration.ofSeconds(2);
        try (Preplumbing preplumbing =
                new Preplumbing(wiring, () -> free, () -> false, port -> {}, 1, Duration.ofMillis(50), stays)) {
            await().during(Duration.ofSeconds(1))
                    .atMost(PATIENCE)
                    .until(() -> wiring.resting().size() == 3);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(wiring.resting())
                            .containsExactlyInAnyOrder(
                                    free.get(0).port(), free.get(1).port()));
            preplumbing.wake();
        }
    }

    @Test
    void whatAPodDidToItsInterfaceIsUndone() {
        Plug plug = overlay.ports(1, 1).getFirst();
        try (PodSandbox pod = overlay.sandbox()) {
            wiring.attach(plug, eth0(pod));
            pod.namespace()
                    .ip(
                            "link set eth0 down",
                            "link set eth0 name net7 address 02:00:00:00:00:77 mtu 1000 alias mine",
                            "addr add 192.0.2.9/24 dev net7");
            assertThat(wiring.differences(plug, eth0(pod))).isNotEmpty();
            wiring.detach(plug, Optional.of(eth0(pod)));
        }
        assertThat(wiring.ready()).containsExactly(plug.port());
        try (PodSandbox pod = overlay.sandbox()) {
            wiring.attach(plug, eth0(pod));
            assertThat(wiring.differences(plug, eth0(pod))).isEmpty();
            assertThat(pod.exec("ip", "-4", "-o", "addr", "show", "eth0")).doesNotContain("192.0.2.9");
            assertThat(pod.exec("ip", "link", "show", "eth0")).contains("mtu 1400", "0a:58:0a:80:01");
            awaitPing(pod);
        }
    }

    @Test
    void aNamespaceThatDiesWithTheInterfaceLeavesNothingAndThePortWorksForTheNextPod() {
        Plug plug = overlay.ports(1, 1).getFirst();
        PodSandbox dying = overlay.sandbox();
        wiring.attach(plug, eth0(dying));
        awaitPing(dying);
        List<String> before = overlay.switchPorts(1);
        dying.close();
        wiring.detach(plug, Optional.of(eth0(dying)));
        assertThat(overlay.switchPorts(1)).isEmpty();
        assertThat(overlay.veths(1)).isEmpty();
        try (PodSandbox pod = overlay.sandbox()) {
            wiring.attach(plug, eth0(pod));
            assertThat(overlay.switchPorts(1)).hasSize(1).doesNotContainAnyElementsOf(before);
            awaitPing(pod);
        }
    }

    @Test
    void lesson01AnAddressThatSomethingUsesIsNotGivenToAnother() {
        Plug plug = overlay.ports(1, 1).getFirst();
        try (PodSandbox holder = overlay.sandbox();
                PodSandbox pod = overlay.sandbox()) {
            wiring.attach(plug, eth0(holder));
            assertThatThrownBy(() -> wiring.attach(plug, eth0(pod)))
                    .isInstanceOfSatisfying(
                            WiringRefused.class, e -> assertThat(e.reason()).isEqualTo(WiringRefused.Reason.OCCUPIED));
            assertThatThrownBy(() -> wiring.plumb(plug)).isInstanceOf(WiringRefused.class);
            assertThat(wiring.rebuild(List.of(plug), Map.of()))
                    .isEqualTo(new Rebuilt(Set.of(), Set.of(plug.port()), Set.of(), Set.of()));
            assertThat(wiring.differences(plug, eth0(holder))).isEmpty();
        }
    }

    @Test
    void anInterfaceOfTheSameNameInThePodIsLeftAloneAndThePortRestsOn() {
        Plug plug = overlay.ports(1, 1).getFirst();
        wiring.plumb(plug);
        try (PodSandbox pod = overlay.sandbox()) {
            pod.namespace().ip("link add eth0 type veth peer name other");
            assertThatThrownBy(() -> wiring.attach(plug, eth0(pod)))
                    .isInstanceOfSatisfying(
                            WiringRefused.class,
                            e -> assertThat(e.reason()).isEqualTo(WiringRefused.Reason.NAME_TAKEN));
            assertThat(wiring.ready()).containsExactly(plug.port());
            assertThatThrownBy(() -> wiring.attach(plug, new Sandbox(Path.of("/run/netns/none-at-all"), "eth0")))
                    .hasMessageContaining("does not exist");
            assertThatThrownBy(() -> wiring.attach(
                            plug, new Sandbox(overlay.node(1).namespace().path(), "eth0")))
                    .isInstanceOfSatisfying(
                            WiringRefused.class,
                            e -> assertThat(e.reason()).isEqualTo(WiringRefused.Reason.HOST_NAMESPACE));
        }
    }

    @Test
    void aRestartCostsARunningPodNothingEvenWhenTheSwitchLostItsRow() {
        Plug plug = overlay.ports(1, 1).getFirst();
        Plug spare = overlay.ports(1, 1).getFirst();
        wiring.plumb(spare);
        try (PodSandbox pod = overlay.sandbox()) {
            wiring.attach(plug, eth0(pod));
            awaitPing(pod);
            try (PingStream stream = pod.pingUntilStopped(ip(neighbour), Duration.ofMillis(20))) {
                await().atMost(PATIENCE).until(() -> stream.received() > 5);
                for (int i = 0; i < 3; i++) {
                    wiring.close();
                    wiring = opened();
                    assertThat(wiring.rebuild(List.of(plug, spare), Map.of(plug.port(), eth0(pod))))
                            .isEqualTo(new Rebuilt(Set.of(), Set.of(), Set.of(), Set.of()));
                    assertThat(wiring.ready()).containsExactly(spare.port());
                }
                long before = stream.received();
                await().atMost(PATIENCE).until(() -> stream.received() > before + 10);
                assertThat(stream.stop().lost()).isLessThanOrEqualTo(1);
            }
            String row = overlay.switchPorts(1).stream()
                    .filter(name -> name.contains(plug.port().toString().substring(0, 8)))
                    .findFirst()
                    .orElseThrow();
            overlay.node(1).vsctl("del-port", row);
            assertThat(wiring.rebuild(List.of(plug, spare), Map.of(plug.port(), eth0(pod)))
                            .mended())
                    .containsExactly(row);
            awaitPing(pod);
        }
    }

    @Test
    void aRebuildReleasesOnlyWhatIsDeadForTwoWitnesses() {
        List<Plug> plugs = overlay.ports(1, 3);
        PodSandbox dead = overlay.sandbox();
        PodSandbox alive = overlay.sandbox();
        wiring.attach(plugs.get(0), eth0(dead));
        wiring.attach(plugs.get(1), eth0(alive));
        Sandbox never = new Sandbox(Path.of("/run/netns/never-was"), "eth0");
        Map<io.portolan.model.PortId, Sandbox> attached = Map.of(
                plugs.get(0).port(), eth0(dead),
                plugs.get(1).port(), eth0(alive),
                plugs.get(2).port(), never);
        dead.close();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(wiring.rebuild(plugs, attached).dead())
                        .containsExactlyInAnyOrder(
                                plugs.get(0).port(), plugs.get(2).port()));
        assertThat(overlay.switchPorts(1)).hasSize(1);
        awaitPing(alive);
        alive.close();
    }

    @Test
    void aKillAtAnyStepOfPlumbingAttachingOrDetachingIsMended() {
        List<String> steps = new ArrayList<>();
        for (int k = 1; killedAfter(k, steps); k++) {}
        assertThat(steps)
                .containsExactly(
                        "veth made",
                        "veth prepared",
                        "port added",
                        "pod end moved in",
                        "pod end configured",
                        "pod end moved out",
                        "pod end restored",
                        "port removed",
                        "veth deleted");
    }

    /** Whether the story had so many steps. */
    private boolean killedAfter(int k, List<String> steps) {
        Plug plug = overlay.ports(1, 1).getFirst();
        try (PodSandbox pod = overlay.sandbox();
                PodSandbox next = overlay.sandbox()) {
            crash.after(k);
            try {
                wiring.attach(plug, eth0(pod));
                wiring.detach(plug, Optional.of(eth0(pod)));
                wiring.unplumb(plug.port());
                return false;
            } catch (TestingCrash.Killed e) {
                steps.add(crash.steps().getLast());
            } finally {
                crash.after(-1);
            }
            wiring.close();
            wiring = opened();
            Rebuilt rebuilt = wiring.rebuild(List.of(plug), Map.of(plug.port(), eth0(pod)));
            assertThat(rebuilt.dead()).isEmpty();
            assertThat(rebuilt.occupied()).isEmpty();
            wiring.detach(plug, Optional.of(eth0(pod)));
            wiring.attach(plug, eth0(next));
            awaitPing(next);
            assertThat(overlay.switchPorts(1)).hasSize(1);
            assertThat(overlay.veths(1)).isEqualTo(overlay.switchPorts(1));
            wiring.unplumb(plug.port());
            return true;
        }
    }
}
