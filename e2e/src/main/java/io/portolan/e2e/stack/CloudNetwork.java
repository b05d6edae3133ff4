package io.portolan.e2e.stack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.FaultyProxy;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.VmHost;
import io.portolan.testbed.WorkerHost;
import io.portolan.testbed.Workspace;
import io.portolan.testbed.openstack.CloudApi;
import io.portolan.testbed.openstack.CloudProject;
import io.portolan.testbed.openstack.Hypervisor;
import io.portolan.testbed.openstack.OpenStackCloud;
import java.net.URI;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A real OpenStack. The nodes are VMs of a tenant who had one before, which has nothing to do with pods, and behind whose
 * router there is a physical machine, too. The control plane
 * reaches Keystone and Neutron through proxies, which count its calls and can fail them.
 */
public final class CloudNetwork implements StackNetwork {
    /** The name of the secret that holds the project's credential. */
    static final String SECRET = "demo-cloud";

    /** Where the Services of the first tenant's cluster are. */
    private static final String SERVICES = "10.96.0.0/16";

    private static final String REGION = "watched";
    private static final String OUTER = "172.24.4.0/24";
    private static final String OUTSIDE = "172.24.4.1";
    private static final String RACK = "172.24.9.0/24";
    private static final String RACK_GATEWAY = "172.24.9.1";
    private static final String MACHINE = "172.24.9.9";

    private final OpenStackCloud cloud;
    private final FaultyProxy keystone;
    private final FaultyProxy neutron;
    private final List<Hypervisor> hypervisors;
    private final CloudTenant tenant;
    private final List<Neighbour> neighbours;
    private String rack = "";
    private String rackSubnet = "";

    private CloudNetwork(Workspace workspace, Fabric fabric) {
        cloud = OpenStackCloud.in(workspace).withOctavia().start();
        keystone = workspace.own(
                FaultyProxy.to(URI.create("http://" + cloud.authUrl().getAuthority())));
        neutron = workspace.own(FaultyProxy.to(cloud.networkUrl()));
        cloud.publishRegion(
                REGION,
                Map.of("identity", authUrl(), "network", neutron.url(), "load-balancer", cloud.loadBalancingUrl()));
        hypervisors = cloud.hypervisors(fabric, "hyper-1", "hyper-2");
        tenant = newTenant("demo");
        // A pod that is answered by itself is called from the Service's address.
        tenant.letIn(SERVICES);
        VmHost plain = tenant.plug("vm-plain");
        neighbours = List.of(
                new Neighbour(plain.name(), plain.address(), PodSandbox.around(workspace, plain.namespace())),
                physicalMachine());
    }

    static CloudNetwork start(Workspace workspace, Fabric fabric) {
        return new CloudNetwork(workspace, fabric);
    }

    /** A provider network without tunnels, on which the administrator has a machine, becomes one of the tenant's router. */
    private Neighbour physicalMachine() {
        CloudApi.Service neutron = cloud.admin().network();
        rack = neutron.post(
                        "/networks",
                        Map.of(
                                "network",
                                Map.of(
                                        "name",
                                        "rack",
                                        "provider:network_type",
                                        "flat",
                                        "provider:physical_network",
                                        OpenStackCloud.PHYSICAL_NETWORK)))
                .at("/network/id")
                .asString();
        rackSubnet = neutron.post(
                        "/subnets",
                        Map.of(
                                "subnet",
                                Map.of(
                                        "network_id",
                                        rack,
                                        "ip_version",
                                        4,
                                        "cidr",
                                        RACK,
                                        "gateway_ip",
                                        RACK_GATEWAY,
                                        "enable_dhcp",
                                        false)))
                .at("/subnet/id")
                .asString();
        neutron.put("/routers/%s/add_router_interface".formatted(tenant.router()), Map.of("subnet_id", rackSubnet));
        tenant.letIn(RACK);
        cloud.outsideAddress(MACHINE + "/24", RACK_GATEWAY, Stack.PODS, CloudTenant.MACHINES);
        return new Neighbour("machine", MACHINE, cloud.outside());
    }

    /** Another project of this cloud, with machines at the same addresses. */
    public CloudTenant newTenant(String name) {
        return new CloudTenant(cloud.forProject(name), hypervisors);
    }

    private URI authUrl() {
        return keystone.url("/v3");
    }

    /** What a secret holds with which the control plane reaches a project of this cloud. */
    public String cloudsYaml(CloudProject of) {
        return of.login().by(authUrl()).inRegion(REGION).cloudsYaml("openstack");
    }

    /** Before Keystone, where the control plane asks for it. */
    public FaultyProxy keystone() {
        return keystone;
    }

    /** Before Neutron, where the control plane asks for it. */
    public FaultyProxy neutron() {
        return neutron;
    }

    @Override
    public Map<String, Object> clusterSpec() {
        Map<String, Object> spec = new HashMap<>(clusterSpec(tenant, SECRET));
        spec.put("serviceCidr", SERVICES);
        return spec;
    }

    /** A cluster behind the tenant's router. */
    public Map<String, Object> clusterSpec(CloudTenant of, String secret) {
        return Map.of(
                "mode",
                "underlay",
                "podCidrs",
                List.of(Stack.PODS),
                "routerId",
                of.router(),
                "mtu",
                NodeHost.POD_MTU,
                "backend",
                Map.of("endpoints", authUrl().toString(), "secretRef", secret));
    }

    @Override
    public WorkerHost addHost(String name) {
        return tenant.plug(name);
    }

    @Override
    public List<Neighbour> neighbours() {
        return neighbours;
    }

    @Override
    public List<String> serviceAddresses() {
        return List.of();
    }

    /** A physical network has room for one network without tags: the rack makes way. */
    @Override
    public Optional<Outside> outside(WorkerHost edge) {
        CloudApi.Service neutron = cloud.admin().network();
        neutron.put("/routers/%s/remove_router_interface".formatted(tenant.router()), Map.of("subnet_id", rackSubnet));
        neutron.delete("/networks/" + rack);
        tenant.letIn(OUTER);
        tenant.goOut(cloud.externalNetwork("public", OUTER, OUTSIDE, "172.24.4.100", "172.24.4.199"));
        return Optional.of(new Outside(cloud.outside(), OUTSIDE, Map.of()));
    }

    /** Small, because Neutron makes some four ports a second. */
    @Override
    public Map<String, String> machine(WorkerHost host) {
        return Map.of("PORTOLAN_AGENT_CPUS", "2", "PORTOLAN_AGENT_PARENTPORT", ((VmHost) host).vif());
    }

    @Override
    public Map<String, Daemon> controlPlane() {
        Map<String, Daemon> parts = new LinkedHashMap<>();
        parts.put("Keystone", cloud.keystone());
        parts.put("Neutron", cloud.neutron());
        parts.put("OVN's northbound database", cloud.central().northbound().daemon());
        return parts;
    }

    @Override
    public OvnCentral central() {
        return cloud.central();
    }

    public OpenStackCloud cloud() {
        return cloud;
    }

    /** The tenant whose cluster this is. */
    public CloudTenant tenant() {
        return tenant;
    }
}
