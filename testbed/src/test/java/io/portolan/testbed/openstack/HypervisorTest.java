package io.portolan.testbed.openstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.testbed.Fabric;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.VmHost;
import io.portolan.testbed.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** Two VMs on two hypervisors, on two networks of a tenant's router, in each VM a pod on a sub-port of its trunk. */
class HypervisorTest {
    private static final Logger LOG = LoggerFactory.getLogger(HypervisorTest.class);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String OUTSIDE = "172.24.4.1";

    private static Workspace workspace;
    private static OpenStackCloud cloud;
    private static ExternalNetwork external;
    private static CloudApi tenant;
    private static String router;
    private static final List<VmHost> vms = new ArrayList<>();
    private static final List<PodSandbox> pods = new ArrayList<>();
    private static final List<JsonNode> nested = new ArrayList<>();

    @BeforeAll
    static void start() {
        workspace = Workspace.create();
        try {
            long begin = System.nanoTime();
            cloud = OpenStackCloud.in(workspace).withOctavia().start();
            List<Hypervisor> hypervisors = cloud.hypervisors(Fabric.create(workspace), "hyper-1", "hyper-2");
            LOG.info("a cloud with two hypervisors after {} ms", (System.nanoTime() - begin) / 1_000_000);
            external = cloud.externalNetwork("outside", "172.24.4.0/24", OUTSIDE, "172.24.4.100", "172.24.4.199");
            tenant = cloud.forProject("tenant").api();
            router = tenant.network()
                    .post("/routers", """
                            {"router":{"external_gateway_info":{"network_id":"%s"}}}""".formatted(external.id()))
                    .at("/router/id")
                    .asString();
            for (int i = 1; i <= 2; i++) {
                plug(i, hypervisors.get(i - 1));
            }
            LOG.info("two VMs and two pods plugged after {} ms", (System.nanoTime() - begin) / 1_000_000);
            awaitPing(pods.getFirst(), address(nested.getLast()));
            LOG.info("the first nested answer after {} ms", (System.nanoTime() - begin) / 1_000_000);
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        workspace.close();
    }

    private static void plug(int i, Hypervisor hypervisor) {
        String vif = port(network("10.129.%d.0/24".formatted(i))).path("id").asString();
        JsonNode child = port(network("10.130.%d.0/26".formatted(i)));
        tenant.network().post("/trunks", """
                {"trunk":{"port_id":"%s","sub_ports":[
                  {"port_id":"%s","segmentation_type":"vlan","segmentation_id":101}]}}
                """.formatted(vif, child.path("id").asString()));
        VmHost vm = hypervisor.plugVm("vm-" + i, vif);
        PodSandbox pod = PodSandbox.create(workspace, "pod-" + i);
        vm.namespace()
                .ip(
                        "link add v0 type veth peer name eth0 address %s mtu %d netns %s"
                                .formatted(
                                        child.path("mac_address").asString(),
                                        NodeHost.POD_MTU,
                                        pod.namespace().name()),
                        "link set v0 up");
        pod.namespace().withoutOffloads("eth0");
        pod.namespace()
                .ip(
                        "addr add %s/26 dev eth0".formatted(address(child)),
                        "link set eth0 up",
                        "route add default via 10.130.%d.1".formatted(i));
        vm.vsctl("add-port", VmHost.BRIDGE, "v0", "tag=101");
        vms.add(vm);
        pods.add(pod);
        nested.add(child);
    }

    private static String network(String cidr) {
        String network = tenant.network()
                .post("/networks", "{\"network\":{}}")
                .at("/network/id")
                .asString();
        String subnet = tenant.network()
                .post("/subnets", """
                        {"subnet":{"network_id":"%s","ip_version":4,"cidr":"%s"}}""".formatted(network, cidr))
                .at("/subnet/id")
                .asString();
        tenant.network().put("/routers/%s/add_router_interface".formatted(router), Map.of("subnet_id", subnet));
        return network;
    }

    private static JsonNode port(String network) {
        return tenant.network()
                .post("/ports", "{\"port\":{\"network_id\":\"%s\"}}".formatted(network))
                .path("port");
    }

    private static String address(JsonNode port) {
        return port.at("/fixed_ips/0/ip_address").asString();
    }

    private static void awaitPing(PodSandbox from, String target) {
        await().atMost(PATIENCE).until(() -> from.ping(target, 1).answered());
    }

    private static void awaitPing(VmHost from, String target) {
        await().atMost(PATIENCE)
                .until(() -> from.namespace()
                        .command("ping", "-c", "1", "-W", "1", target)
                        .run()
                        .succeeded());
    }

    @Test
    void vmsReachEachOtherAcrossTheRouterAndPodsReachBoth() {
        awaitPing(vms.getFirst(), vms.getLast().address());
        awaitPing(vms.getLast(), vms.getFirst().address());
        awaitPing(pods.getFirst(), vms.getFirst().address());
        awaitPing(pods.getFirst(), vms.getLast().address());
        awaitPing(vms.getLast(), address(nested.getFirst()));
        pods.getLast().serveTcp(8080, "the other pod");
        assertThat(pods.getFirst()
                        .tcp(address(nested.getLast()), 8080, Duration.ofSeconds(5))
                        .said())
                .isEqualTo("the other pod");
    }

    @Test
    void aPodReachesTheOutsideAndIsReachedByAFloatingIp() {
        awaitPing(pods.getFirst(), OUTSIDE);
        JsonNode floating = tenant.network().post("/floatingips", """
                {"floatingip":{"floating_network_id":"%s","port_id":"%s"}}
                """.formatted(
                        external.id(), nested.getFirst().path("id").asString()));
        String address = floating.at("/floatingip/floating_ip_address").asString();
        assertThat(cloud.outside().ping(address, 1).answered())
                .as("the default security group lets nobody in")
                .isFalse();
        String group = nested.getFirst().at("/security_groups/0").asString();
        tenant.network().post("/security-group-rules", """
                {"security_group_rule":{"security_group_id":"%s","direction":"ingress","ethertype":"IPv4",
                                        "protocol":"icmp"}}""".formatted(group));
        awaitPing(cloud.outside(), address);
    }

    @Test
    void aVmThatIsUnpluggedIsDownAndOneThatIsRepluggedIsActiveWithItsPods() {
        VmHost vm = vms.getLast();
        vm.unplug();
        cloud.awaitPort(vm.vif(), "DOWN");
        vm.plug();
        cloud.awaitPort(vm.vif(), "ACTIVE");
        cloud.awaitPort(nested.getLast().path("id").asString(), "ACTIVE");
        awaitPing(pods.getFirst(), address(nested.getLast()));
    }

    @Test
    void aLoadBalancerOfOctaviaAnswersForThePods() {
        String subnet = nested.getFirst().at("/fixed_ips/0/subnet_id").asString();
        String other = nested.getLast().at("/fixed_ips/0/subnet_id").asString();
        JsonNode balancer = tenant.loadBalancing().post("/loadbalancers", """
                {"loadbalancer":{"name":"service","vip_subnet_id":"%s","provider":"ovn","listeners":[
                  {"name":"web","protocol":"TCP","protocol_port":80,"default_pool":{
                    "name":"pods","protocol":"TCP","lb_algorithm":"SOURCE_IP_PORT","members":[
                      {"address":"%s","protocol_port":8081,"subnet_id":"%s"},
                      {"address":"%s","protocol_port":8081,"subnet_id":"%s"}]}}]}}
                """.formatted(
                        subnet, address(nested.getFirst()), subnet, address(nested.getLast()), other));
        String id = balancer.at("/loadbalancer/id").asString();
        await().atMost(PATIENCE)
                .until(() -> tenant.loadBalancing()
                        .get("/loadbalancers/" + id)
                        .at("/loadbalancer/provisioning_status")
                        .asString()
                        .equals("ACTIVE"));
        pods.getFirst().serveTcp(8081, "pod 1");
        pods.getLast().serveTcp(8081, "pod 2");
        String vip = balancer.at("/loadbalancer/vip_address").asString();
        PodSandbox pod = pods.getLast();
        await().atMost(PATIENCE)
                .until(() -> pod.tcp(vip, 80, Duration.ofSeconds(2)).said().equals("pod 1"));

        cloud.octaviaAgent().kill9();
        cloud.octavia().restart();
        cloud.octaviaAgent().start();
        tenant.loadBalancing().delete("/loadbalancers/%s?cascade=true".formatted(id));
        await().atMost(PATIENCE)
                .until(() -> tenant.loadBalancing()
                        .get("/loadbalancers")
                        .path("loadbalancers")
                        .isEmpty());
    }

    @Test
    void trafficFlowsWhileNeutronIsDeadAndItForgetsNothing() {
        NetworkInventory before = tenant.inventory();
        cloud.neutron().kill9();
        try {
            awaitPing(pods.getFirst(), address(nested.getLast()));
        } finally {
            cloud.neutron().start();
        }
        assertThat(tenant.inventory().ids("ports")).isEqualTo(before.ids("ports"));
    }
}
