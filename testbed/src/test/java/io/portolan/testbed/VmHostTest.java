package io.portolan.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two VMs on two hypervisors, and in each a pod that is a nested port of the VM's, plugged by hand. */
class VmHostTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Workspace workspace = Workspace.create();
    private static final List<VmHost> vms = new ArrayList<>();
    private static final List<PodSandbox> pods = new ArrayList<>();

    @BeforeAll
    static void start() {
        try {
            Fabric fabric = Fabric.create(workspace);
            OvnCentral central = OvnCentral.in(workspace).start();
            List<NodeHost> hypervisors = NodeHost.start(workspace, fabric, central, "hyper-1", "hyper-2");
            central.nbctl("lr-add", "router");
            network(central, "vms", "0a:58:0a:81:00:01", "10.129.0.1/24");
            network(central, "pods", "0a:58:0a:82:00:01", "10.130.0.1/24");
            for (int i = 1; i <= 2; i++) {
                String mac = "0a:58:0a:81:00:1" + i;
                String address = "10.129.0.1" + i;
                port(central, "vms", "vif-" + i, mac, address);
                vms.add(VmHost.in(
                                workspace, fabric, hypervisors.get(i - 1), "vm-" + i, "vif-" + i, mac, address + "/24")
                        .gateway("10.129.0.1")
                        .start());
                pods.add(pod(central, i));
            }
            central.awaitInstalled();
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        workspace.close();
    }

    private static void network(OvnCentral central, String name, String mac, String address) {
        central.nbctl(("ls-add %1$s -- lrp-add router router-%1$s %2$s %3$s"
                        + " -- lsp-add %1$s %1$s-router -- lsp-set-type %1$s-router router"
                        + " -- lsp-set-addresses %1$s-router router"
                        + " -- lsp-set-options %1$s-router router-port=router-%1$s")
                .formatted(name, mac, address)
                .split(" "));
    }

    private static void port(
            OvnCentral central, String network, String name, String mac, String address, String... of) {
        List<String> add = new ArrayList<>(List.of("lsp-add", network, name));
        add.addAll(List.of(of));
        central.nbctl(add.toArray(String[]::new));
        central.nbctl("lsp-set-addresses", name, mac + " " + address);
        central.nbctl("lsp-set-port-security", name, mac + " " + address);
    }

    private static PodSandbox pod(OvnCentral central, int number) {
        String mac = "0a:58:0a:82:00:1" + number;
        String address = podAddress(number);
        port(central, "pods", "nested-" + number, mac, address, "vif-" + number, "101");
        PodSandbox pod = PodSandbox.create(workspace, "pod-" + number);
        VmHost vm = vms.get(number - 1);
        vm.namespace()
                .ip(
                        "link add v0 type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        mac, NodeHost.POD_MTU, pod.namespace().name()),
                        "link set v0 up");
        pod.namespace().withoutOffloads("eth0");
        pod.namespace()
                .ip(
                        "addr add %s/24 dev eth0".formatted(address),
                        "link set eth0 up",
                        "route add default via 10.130.0.1");
        vm.vsctl("add-port", VmHost.BRIDGE, "v0", "tag=101");
        return pod;
    }

    private static String podAddress(int number) {
        return "10.130.0.1" + number;
    }

    private static void awaitPing(PodSandbox pod, String target) {
        await().atMost(PATIENCE).until(() -> pod.ping(target, 1).answered());
    }

    @Test
    void podsOfTwoVmsAndTheVmsThemselvesReachEachOther() {
        awaitPing(pods.getFirst(), podAddress(2));
        assertThat(pods.getFirst().exec("ping", "-M", "do", "-s", "1372", "-c", "1", "-W", "5", podAddress(2)))
                .contains("1 received");
        try (Daemon server = pods.get(1).serveTcp(8080, "second here")) {
            assertThat(server.alive()).isTrue();
            assertThat(pods.getFirst()
                            .tcp(podAddress(2), 8080, Duration.ofSeconds(5))
                            .said())
                    .isEqualTo("second here");
        }
        awaitPing(pods.getFirst(), vms.get(1).address());
        assertThat(vms.get(0).exec("ping", "-c", "1", "-W", "5", vms.get(1).address()))
                .contains("1 received");
    }

    @Test
    void aVmReachesTheServicesAndRecoversFromKillsAndFromAnUnpluggedNic() {
        VmHost vm = vms.getFirst();
        awaitPing(pods.getFirst(), podAddress(2));

        vm.vswitch().kill9();
        vm.ovsdb().kill9();
        String services = vm.managementAddress().replaceFirst("\\d+$", "254");
        assertThat(vm.exec("ping", "-c", "1", "-W", "5", services)).contains("1 received");
        assertThat(pods.getFirst().ping(podAddress(2), 1).answered()).isFalse();
        vm.ovsdb().start();
        vm.vswitch().start();
        awaitPing(pods.getFirst(), podAddress(2));
        awaitPing(pods.getFirst(), vm.address());

        vm.unplug();
        assertThat(pods.getFirst().ping(podAddress(2), 1).answered()).isFalse();
        assertThat(vm.exec("ls", "/sys/class/net")).doesNotContain(VmHost.UPLINK);
        vm.plug();
        awaitPing(pods.getFirst(), podAddress(2));
        awaitPing(pods.getFirst(), vms.get(1).address());
    }
}
