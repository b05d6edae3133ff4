package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.sdn.Ensured;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Outside;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnDirectory.Neighbour;
import io.portolan.sdn.SdnLoadBalancers.Settled;
import io.portolan.sdn.SdnPort;
import io.portolan.sdn.Transport;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.VmHost;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.openstack.CloudProject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract of load balancers on a real Octavia with OVN's provider, and packets through them. */
class RealBalancersTest extends BalancerContract {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration ANSWER = Duration.ofSeconds(2);

    private static Workspace workspace;
    private static RealCloud real;

    @BeforeAll
    static void start() {
        real = RealCloud.get();
        workspace = Workspace.create();
    }

    @AfterAll
    static void stop() {
        workspace.close();
    }

    @Override
    protected Tenant newTenant(String name) {
        CloudProject project = real.project(name);
        return new Tenant(project.id(), project.login(), project.api());
    }

    @Override
    protected String external() {
        return RealCloud.EXTERNAL;
    }

    @Override
    protected int many() {
        return 4;
    }

    private static Listener serving(String vip, int port, String member, int memberPort) {
        Listener plain = listener(vip, Transport.TCP, port, member);
        LoadBalancerSpec.Member one = new LoadBalancerSpec.Member(IpAddress.parse(member), memberPort, null, null);
        return new Listener(
                plain.frontend(),
                plain.spread(),
                plain.onEmpty(),
                null,
                List.of(),
                new LoadBalancerSpec.Pool(plain.pool().name(), List.of(one)));
    }

    /** A pod with this port, in a VM. */
    private static PodSandbox pod(VmHost vm, SdnPort port, int number, int tag) {
        PodSandbox pod = PodSandbox.create(workspace, "pod-" + number);
        vm.namespace()
                .ip(
                        "link add v%d type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        number,
                                        port.mac(),
                                        NodeHost.POD_MTU,
                                        pod.namespace().name()),
                        "link set v%d up".formatted(number));
        pod.namespace().withoutOffloads("eth0");
        pod.namespace()
                .ip(
                        "addr add %s/28 dev eth0".formatted(port.addresses().getFirst()),
                        "link set eth0 up",
                        "route add default via 10.4.0.1");
        vm.vsctl("add-port", VmHost.BRIDGE, "v" + number, "tag=" + tag);
        return pod;
    }

    private static void awaitAnswer(PodSandbox from, String address, int port, String answer) {
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(from.tcp(address, port, ANSWER).said()).isEqualTo(answer));
    }

    @Test
    void podsAVmAndTheOutsideReachAServiceWhoeverServesIt() {
        Tenant tenant = tenant();
        TestingNode node = TestingNode.of("10.4.0.0/28", 2, "the VM's");
        ClusterId cluster = node.cluster();
        try (SdnBackend sdn = backends.backend(cluster, tenant.target(), null)) {
            String router =
                    sdn.topology().ensureRouter(router(external(), SERVICES)).id();
            String vmNetwork = tenant.network("vms");
            tenant.attach(router, tenant.subnet(vmNetwork, "10.129.1.0/24"));
            String vif = tenant.made("port", Map.of("network_id", vmNetwork))
                    .path("id")
                    .asString();
            TestingNode inside = node.under(vif);
            sdn.topology().ensureSwitch(inside.spec(router));
            List<SdnPort> ports = sdn.ports().ensure(inside.node(), inside.ports());
            VmHost vm = real.hypervisor().plugVm("vm-balanced", vif);
            List<PodSandbox> pods = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                pods.add(pod(vm, ports.get(i), i + 1, 100 + i));
            }
            tenant.api()
                    .network()
                    .get("/ports/" + vif)
                    .at("/port/security_groups")
                    .forEach(group -> tenant.api()
                            .network()
                            .post(
                                    "/security-group-rules",
                                    Map.of(
                                            "security_group_rule",
                                            Map.of(
                                                    "security_group_id", group.asString(),
                                                    "direction", "ingress",
                                                    "ethertype", "IPv4",
                                                    "protocol", "tcp"))));

            List<Neighbour> neighbours = sdn.directory().neighbours(router);
            assertThat(neighbours)
                    .extracting(Neighbour::portId, each -> each.address().toString())
                    .containsExactly(org.assertj.core.api.Assertions.tuple(vif, vm.address()));

            String vip = "10.96.0.200";
            LoadBalancerSpec plain = spec(
                    cluster,
                    "web",
                    serving(vip, 80, "10.4.0.3", 8080),
                    serving(vip, 81, vm.address(), 8081),
                    serving(vip, 82, RealCloud.OUTSIDE, 8082));
            LoadBalancerSpec spec =
                    new LoadBalancerSpec(plain.id(), plain.name(), plain.listeners(), new Outside(null));
            String floating = ((Settled.Done) ensure(sdn, spec)).outside().toString();
            PodSandbox inVm = PodSandbox.around(workspace, vm.namespace());
            pods.getLast().serveTcp(8080, "a pod");
            inVm.serveTcp(8081, "a VM");
            real.outside().serveTcp(8082, "a machine");

            awaitAnswer(pods.getFirst(), vip, 80, "a pod");
            awaitAnswer(inVm, vip, 80, "a pod");
            awaitAnswer(real.outside(), floating, 80, "a pod");
            awaitAnswer(pods.getFirst(), vip, 81, "a VM");
            awaitAnswer(pods.getFirst(), vip, 82, "a machine");
            awaitAnswer(real.outside(), floating, 81, "a VM");

            LoadBalancerSpec moved = new LoadBalancerSpec(
                    spec.id(), spec.name(), List.of(serving(vip, 80, "10.4.0.2", 8080)), new Outside(null));
            assertThat(((Settled.Done) ensure(sdn, moved)).ensured()).isEqualTo(Ensured.MENDED);
            pods.getFirst().serveTcp(8080, "another pod");
            awaitAnswer(pods.getLast(), vip, 80, "another pod");
            awaitAnswer(real.outside(), floating, 80, "another pod");
            LoadBalancerSpec empty = spec(cluster, "web", listener(vip, Transport.TCP, 80));
            ensure(sdn, empty);
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(pods.getLast().tcp(vip, 80, ANSWER).ok())
                                    .as("without members nobody answers")
                                    .isFalse());
            deleteAll(sdn, List.of(spec.id()));
        }
    }
}
