package io.portolan.agent.cni;

import static io.portolan.agent.cni.TestingNode.config;
import static io.portolan.agent.cni.TestingNode.ip;
import static io.portolan.agent.wiring.TestingNetwork.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Timer;
import io.portolan.agent.cache.Attachment;
import io.portolan.agent.cache.CachedPort;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Plug;
import io.portolan.agent.wiring.Sandbox;
import io.portolan.agent.wiring.TestingUnderlay;
import io.portolan.agent.wiring.Wiring;
import io.portolan.agent.wiring.WiringProperties;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.PortId;
import io.portolan.model.VlanTag;
import io.portolan.model.api.PortAddress;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Replica;
import io.portolan.ovsdb.RowChange;
import io.portolan.ovsdb.Watch;
import io.portolan.testbed.Daemon;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.PingStream;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.VmHost;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** Pods in two VMs of a cloud whose OVN is real, started and stopped by the real executable. */
class UnderlayNodeTest {
    private static final Logger LOG = LoggerFactory.getLogger(UnderlayNodeTest.class);
    private static final int PORTS = 24;

    private static TestingUnderlay underlay;
    private static TestingNode node;
    private static TestingNode other;
    private static PodSandbox neighbour;
    private static String neighbourIp;

    @BeforeAll
    static void start() throws IOException {
        underlay = new TestingUnderlay();
        node = new TestingNode(underlay, 1, given -> given);
        other = new TestingNode(underlay, 2, given -> given);
        node.lease(PORTS);
        other.lease(4);
        neighbour = underlay.sandbox();
        neighbourIp = ip(other.add("neighbour", neighbour));
        node.awaitPlumbed(8);
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        underlay.close();
    }

    @AfterEach
    void emptyTheNode() {
        node.crash.after(-1);
        for (Attachment attachment : node.cache().attachments()) {
            node.program("DEL", attachment.key().sandbox()).run(config("1.1.0"));
        }
        await().atMost(PATIENCE).until(() -> node.cache().attachments().isEmpty());
        node.cache().rest();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(node.cache().counts().free()).isEqualTo(PORTS));
        node.awaitPlumbed(8);
        node.assertNoOrphans();
        assertThat(statusMessage()).isEmpty();
    }

    private static String container() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    private static void awaitPing(PodSandbox pod, String target) {
        await().atMost(PATIENCE).until(() -> pod.ping(target, 1).answered());
    }

    private static void assertTcp(PodSandbox client, PodSandbox server, String address) {
        try (Daemon listener = server.serveTcp(8080, "it is " + address)) {
            assertThat(listener.alive()).isTrue();
            assertThat(client.tcp(address, 8080, Duration.ofSeconds(5)).said()).isEqualTo("it is " + address);
        }
    }

    /** What STATUS complains of; empty on a good day. */
    private static String statusMessage() {
        CniProgram.Outcome outcome = node.program("STATUS", "").run(config("1.1.0"));
        return outcome.status() == 0
                ? ""
                : TestingNode.JSON.readTree(outcome.output()).path("msg").stringValue();
    }

    private static int tagOf(JsonNode added) {
        return node.cache().ports().stream()
                .filter(port -> port.addresses().getFirst().address().toString().equals(ip(added)))
                .findFirst()
                .orElseThrow()
                .vlanTag()
                .id();
    }

    private static String hostInterface(JsonNode added) {
        return added.path("interfaces").get(0).path("name").stringValue();
    }

    private static String tagInSwitch(String networkInterface) {
        return underlay.vm(1)
                .vsctl("get", "Port", networkInterface, "tag", "vlan_mode")
                .replace("\n", " ")
                .strip();
    }

    @Test
    void podsReachPodsOfAnotherVmAndOfTheirOwnAndVmsWithoutPods() {
        try (PodSandbox pod = underlay.sandbox();
                PodSandbox sibling = underlay.sandbox()) {
            JsonNode added = node.add(container(), pod);
            String siblingIp = ip(node.add(container(), sibling));
            for (String target : List.of(neighbourIp, siblingIp, TestingUnderlay.PLAIN_VM)) {
                awaitPing(pod, target);
                assertThat(pod.exec("ping", "-M", "do", "-s", "1372", "-c", "1", "-W", "5", target))
                        .contains("1 received");
            }
            assertTcp(pod, neighbour, neighbourIp);
            assertTcp(pod, sibling, siblingIp);
            assertTcp(pod, underlay.plainVm(), TestingUnderlay.PLAIN_VM);
            assertTcp(underlay.plainVm(), pod, ip(added));
            awaitPing(pod, underlay.vm(1).address());
            awaitPing(pod, underlay.vm(2).address());
            assertThat(pod.exec("ip", "-o", "link", "show", "eth0")).contains("mtu 1400");
            assertThat(tagInSwitch(hostInterface(added))).isEqualTo(tagOf(added) + " access");
            assertThat(underlay.vm(1).vsctl("get", "Interface", hostInterface(added), "external_ids"))
                    .contains("portolan-port")
                    .doesNotContain("iface-id");
        }
    }

    @Test
    void aWarmStartAndStopAsksNobodyAndChangesNothingInTheCloudsOvn() {
        underlay.central().awaitInstalled();
        List<RowChange> changes = new CopyOnWriteArrayList<>();
        try (OvsdbClient northbound = OvsdbClient.open(
                        OvsdbOptions.of(underlay.central().northbound().unixRemote(), "OVN_Northbound"));
                OvsdbClient southbound = OvsdbClient.open(
                        OvsdbOptions.of(underlay.central().southbound().unixRemote(), "OVN_Southbound"));
                PodSandbox pod = underlay.sandbox()) {
            Replica north = northbound
                    .replicate(northbound.schema().tables().keySet().stream()
                            .map(Watch::table)
                            .toArray(Watch[]::new))
                    .awaitLoaded(PATIENCE);
            Replica south = southbound.replicate(Watch.table("Port_Binding")).awaitLoaded(PATIENCE);
            north.listen(changes::addAll);
            south.listen(changes::addAll);
            await().atMost(PATIENCE).until(() -> changes.size() >= rows(north) + rows(south));
            changes.clear();
            int asked = node.wanted.get();
            long warm = warmStarts();
            for (int i = 0; i < 3; i++) {
                String id = container();
                node.add(id, pod);
                awaitPing(pod, neighbourIp);
                node.del(id, pod);
                node.cache().rest();
            }
            assertThat(warmStarts() - warm).isEqualTo(3);
            assertThat(node.wanted.get()).isEqualTo(asked);
            // A change of ours now shows that the monitor would have told of one.
            underlay.central().nbctl("set", "NB_Global", ".", "external_ids:seen=" + container());
            await().atMost(PATIENCE).until(() -> !changes.isEmpty());
            assertThat(changes.stream().map(RowChange::table)).containsExactly("NB_Global");
        }
    }

    private static int rows(Replica replica) {
        return replica.snapshot().tables().values().stream().mapToInt(Map::size).sum();
    }

    private static long warmStarts() {
        return node
                .meters
                .find("portolan.cni")
                .tags("command", "ADD", "path", "warm", "outcome", "ok")
                .timers()
                .stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void podsOfOneVmMeetOnlyAtTheHypervisor() {
        try (PodSandbox pod = underlay.sandbox();
                PodSandbox sibling = underlay.sandbox()) {
            node.add(container(), pod);
            String siblingIp = ip(node.add(container(), sibling));
            awaitPing(pod, siblingIp);
            long before = leftTheVm();
            assertThat(pod.ping(siblingIp, 5).received()).isEqualTo(5);
            assertThat(leftTheVm() - before)
                    .as("requests and answers that came out of the VM")
                    .isGreaterThanOrEqualTo(10);
            // Without the hypervisor there is no way, not even for neighbours on one network who know each other.
            NodeHost hypervisor = underlay.hypervisor(1);
            hypervisor
                    .namespace()
                    .ip("link set %s down".formatted(underlay.vm(1).tap()));
            try {
                assertThat(pod.ping(siblingIp, 2).received()).isZero();
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(statusMessage())
                                .isEqualTo("the uplink eth0 of bridge br-int does not work: its link is down"));
            } finally {
                hypervisor
                        .namespace()
                        .ip("link set %s up".formatted(underlay.vm(1).tap()));
            }
            awaitPing(pod, siblingIp);
            await().atMost(PATIENCE).until(() -> statusMessage().isEmpty());
        }
    }

    private static long leftTheVm() {
        String file = "/sys/class/net/%s/statistics/rx_packets"
                .formatted(underlay.vm(1).tap());
        return Long.parseLong(underlay.hypervisor(1).exec("cat", file).strip());
    }

    @Test
    void aFrameThatAPodTagsItselfDoesNotLeaveTheVm() {
        try (PodSandbox pod = underlay.sandbox();
                PodSandbox sibling = underlay.sandbox();
                TaggedFrames frames = new TaggedFrames(
                        underlay.workspace(),
                        underlay.hypervisor(1).namespace(),
                        underlay.vm(1).tap())) {
            int own = tagOf(node.add(container(), pod));
            int siblings = tagOf(node.add(container(), sibling));
            frames.send(pod, own, siblings);
            frames.send(sibling, siblings, own);
            String arrived = "frame-plain " + own;
            await().atMost(PATIENCE).until(() -> frames.toTheVm().contains(arrived));
            LOG.info("tags {} and {}: out came {}, back came {}", own, siblings, frames.fromTheVm(), frames.toTheVm());
            assertThat(frames.fromTheVm())
                    .contains("frame-plain " + own, "frame-plain " + siblings)
                    // Behind an empty tag another may hide; the switch puts the pod's own in front.
                    .isSubsetOf(
                            "frame-plain " + own,
                            "frame-plain " + siblings,
                            "frame-hidden " + own,
                            "frame-hidden " + siblings);
            assertThat(frames.toTheVm()).allMatch(line -> line.startsWith("frame-plain "));
        }
    }

    @Test
    void aRestartOfTheAgentCostsARunningPodNoPacket() {
        try (PodSandbox pod = underlay.sandbox()) {
            node.add(container(), pod);
            awaitPing(pod, neighbourIp);
            try (PingStream stream = pod.pingUntilStopped(neighbourIp, Duration.ofMillis(20))) {
                await().atMost(PATIENCE).until(() -> stream.received() > 5);
                for (int i = 0; i < 3; i++) {
                    node.restart();
                }
                long before = stream.received();
                await().atMost(PATIENCE).until(() -> stream.received() > before + 10);
                assertThat(stream.stop().lost()).isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void anAgentThatDiesAtAnyStepOfAddOrDelLeavesNothingThatTheNextDoesNotMend() {
        List<String> steps = new ArrayList<>();
        for (int k = 1; diesAt(k, steps); k++) {}
        assertThat(steps)
                .containsExactly(
                        "earlier sandboxes taken down",
                        "port taken",
                        "pod end moved in",
                        "pod end configured",
                        "attached",
                        "pod end moved out",
                        "pod end restored",
                        "detached",
                        "released");
    }

    /** Whether ADD and DEL had so many steps. */
    private static boolean diesAt(int k, List<String> steps) {
        String id = container();
        try (PodSandbox pod = underlay.sandbox();
                PodSandbox next = underlay.sandbox()) {
            node.awaitPlumbed(8);
            node.crash.after(k);
            if (add(id, pod).status() == 0) {
                node.del(id, pod);
            }
            List<String> passed = node.crash.steps();
            node.crash.after(-1);
            if (passed.size() < k) {
                return false;
            }
            steps.add(passed.get(k - 1));
            node.restart();
            node.assertNoOrphans();
            node.del(id, pod);
            assertThat(node.cache().attachments()).isEmpty();
            node.add(container(), next);
            awaitPing(next, neighbourIp);
            return true;
        } finally {
            node.cache()
                    .attachments()
                    .forEach(one -> node.program("DEL", one.key().sandbox()).run(config("1.1.0")));
            node.cache().rest();
        }
    }

    private static CniProgram.Outcome add(String id, PodSandbox pod) {
        return node.program("ADD", id).with("CNI_NETNS", pod.path().toString()).run(config("1.1.0"));
    }

    @Test
    void whateverIsKilledInTheMiddleOfAnAddThePodGetsItsPortAfterwards() {
        VmHost vm = underlay.vm(1);
        Daemon controller = underlay.hypervisor(1).controller();
        try (PodSandbox resident = underlay.sandbox()) {
            node.add(container(), resident);
            awaitPing(resident, neighbourIp);
            Random random = new Random(7);
            for (int i = 0; i < 3; i++) {
                killedInTheMiddleOfAnAdd("vswitchd", vm.vswitch(), resident, random);
                killedInTheMiddleOfAnAdd("ovsdb-server", vm.ovsdb().daemon(), resident, random);
                killedInTheMiddleOfAnAdd("ovn-controller", controller, resident, random);
            }
        }
    }

    private static void killedInTheMiddleOfAnAdd(String what, Daemon victim, PodSandbox resident, Random random) {
        String id = container();
        try (PodSandbox pod = underlay.sandbox()) {
            CompletableFuture<CniProgram.Outcome> adding = CompletableFuture.supplyAsync(() -> add(id, pod));
            pause(Duration.ofNanos(random.nextLong(30_000_000)));
            victim.kill9();
            if (random.nextBoolean()) {
                pause(Duration.ofMillis(300));
            }
            victim.start();
            CniProgram.Outcome outcome = adding.join();
            LOG.info("{} killed in the middle of an ADD: {} {}", what, outcome.status(), outcome.seconds());
            await().atMost(PATIENCE).until(() -> add(id, pod).status() == 0);
            awaitPing(pod, neighbourIp);
            awaitPing(resident, neighbourIp);
            awaitPing(underlay.plainVm(), underlay.vm(1).address());
            node.del(id, pod);
            await().atMost(PATIENCE).until(() -> node.cache().attachments().size() == 1);
        }
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aNicThatIsUnpluggedAndPluggedInAgainIsToldAndPodsGoOn() {
        VmHost vm = underlay.vm(1);
        try (PodSandbox pod = underlay.sandbox();
                PodSandbox meanwhile = underlay.sandbox()) {
            node.add(container(), pod);
            awaitPing(pod, neighbourIp);
            vm.unplug();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(statusMessage()).startsWith("the uplink eth0 of bridge br-int"));
            LOG.info("unplugged: {}", statusMessage());
            node.add(container(), meanwhile);
            assertThat(meanwhile.ping(neighbourIp, 1).answered()).isFalse();
            vm.plug();
            awaitPing(pod, neighbourIp);
            awaitPing(meanwhile, neighbourIp);
            await().atMost(PATIENCE).until(() -> statusMessage().isEmpty());
        }
    }

    @Test
    void aBridgeWithoutItsUplinkIsNamedAndTakesNoNewPodUntilItIsBack() {
        VmHost vm = underlay.vm(1);
        try (PodSandbox pod = underlay.sandbox()) {
            vm.vsctl("del-port", VmHost.BRIDGE, VmHost.UPLINK);
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(statusMessage()).isEqualTo("the uplink eth0 is not in bridge br-int"));
            assertThat(node.wiring().ready()).isEmpty();
            vm.vsctl("add-port", VmHost.BRIDGE, VmHost.UPLINK, "tag=7");
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(statusMessage())
                            .isEqualTo("the uplink eth0 of bridge br-int is an access port: no pod's VLAN passes it"));
            vm.vsctl("clear", "Port", VmHost.UPLINK, "tag");
            await().atMost(PATIENCE).until(() -> statusMessage().isEmpty());
            node.add(container(), pod);
            awaitPing(pod, neighbourIp);
        }
    }

    @Test
    void aTagThatSomebodyChangedIsNoticedAndPutRight() {
        String id = container();
        try (PodSandbox pod = underlay.sandbox()) {
            JsonNode added = node.add(id, pod);
            awaitPing(pod, neighbourIp);
            String port = hostInterface(added);
            String right = tagOf(added) + " access";
            String checked = config("1.1.0").replace("}", ",\"prevResult\":" + added + "}");
            CniProgram check =
                    node.program("CHECK", id).with("CNI_NETNS", pod.path().toString());
            assertThat(check.run(checked).output()).isEmpty();
            for (String change : List.of("tag=4000", "vlan_mode=trunk", "tag=[]")) {
                node.stop();
                underlay.vm(1).vsctl("set", "Port", port, change);
                assertThat(differences(ip(added), pod))
                        .singleElement()
                        .asString()
                        .contains(port, "VLAN tag");
                node.start();
                assertThat(tagInSwitch(port)).isEqualTo(right);
                underlay.vm(1).vsctl("set", "Port", port, change);
                await().atMost(PATIENCE).until(() -> tagInSwitch(port).equals(right));
            }
            underlay.vm(1).exec("ip", "link", "set", port, "down");
            awaitPing(pod, neighbourIp);
            assertThat(check.run(checked).output()).isEmpty();
        }
    }

    /** What CHECK would say, by a wiring that mends nothing by itself. */
    private static List<String> differences(String address, PodSandbox pod) {
        try (OvsdbClient openVSwitch = underlay.openVSwitch(1);
                Wiring wiring = Wiring.open(underlay.settings(1), openVSwitch, Checkpoint.NONE)) {
            wiring.awaitLoaded(PATIENCE);
            return wiring.differences(underlay.plug(address), new Sandbox(pod.path(), "eth0"));
        }
    }

    @Test
    void aPortThatCannotBeToldApartIsNotHandedOut() {
        Plug first = node.wiring().ready().stream()
                .flatMap(id -> node.cache().port(id).stream())
                .findFirst()
                .map(port -> twin(port.vlanTag()))
                .orElseThrow();
        Plug untagged = twin(null);
        VmHost vm = underlay.vm(1);
        try {
            node.leaseAlso(List.of(first, untagged));
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(disputed(untagged)).isEqualTo(PodPorts.UNTAGGED);
                assertThat(disputed(first)).isEqualTo(PodPorts.TAG_TAKEN);
            });
            assertThat(node.cache().counts().free()).isEqualTo(PORTS);
        } finally {
            node.forget(List.of(first.port(), untagged.port()));
        }
        CachedPort free = node.cache().ports().stream()
                .filter(port -> !node.wiring().plumbed().contains(port.id()))
                .findFirst()
                .orElseThrow();
        vm.namespace().ip("link add foreign type veth peer name foreign-1");
        vm.vsctl("add-port", VmHost.BRIDGE, "foreign", "tag=" + free.vlanTag().id());
        try {
            await().atMost(PATIENCE)
                    .until(() -> PodPorts.TAG_TAKEN.equals(
                            node.cache().port(free.id()).orElseThrow().disputed()));
        } finally {
            vm.vsctl("del-port", VmHost.BRIDGE, "foreign");
            vm.namespace().ip("link del foreign");
        }
        await().atMost(PATIENCE)
                .until(() -> node.cache().port(free.id()).orElseThrow().available());
    }

    private static String disputed(Plug plug) {
        return node.cache().port(plug.port()).orElseThrow().disputed();
    }

    private static Plug twin(VlanTag tag) {
        IpAddress ip = IpAddress.parse("10.130.1.%d".formatted(tag == null ? 200 : 201));
        PortId id = PortId.random();
        return new Plug(
                id,
                id.toString(),
                MacAddress.derivedFrom(ip),
                tag,
                List.of(new PortAddress(ip, 24, IpAddress.parse("10.130.1.1"))),
                NodeHost.POD_MTU);
    }

    @Test
    void aSwitchWithoutTheBridgeIsNamed() {
        WiringProperties right = underlay.settings(1);
        WiringProperties wrong = new WiringProperties(
                right.hostNamespace(), "br-none", right.uplink(), right.switchControl(), right.readyTimeout());
        try (OvsdbClient openVSwitch = underlay.openVSwitch(1);
                Wiring wiring = Wiring.open(wrong, openVSwitch, Checkpoint.NONE)) {
            wiring.awaitLoaded(PATIENCE);
            assertThat(wiring.trouble()).contains("Open vSwitch has no bridge br-none");
            assertThat(wiring.missing()).contains("Open vSwitch has no bridge br-none");
        }
    }
}
